import CEL
import Foundation
import Schedule
import Store
import Testing

@Suite struct PruneTests {
    let place: Place

    init() throws { place = try Place() }

    @Test(arguments: StoreKind.all) func `old runs go, young and live ones stay`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let live = try await store.claimed(fire("live", at: 10))
        for second in [100, 200, 300] as [Int64] { _ = try await store.ended(fire(at: second)) }
        let result = try await store.prune(before: at(250), keep: nil, now: at(1_000))
        #expect(result.runs == 2)
        #expect(try await store.runs(RunQuery()).map(\.fire) == [fire(at: 300), live.fire])
    }

    @Test(arguments: StoreKind.all) func `of each recipe only the newest so many stay`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        for second in 1...1200 as ClosedRange<Int64> {
            _ = try await store.ended(fire(at: second))
        }
        _ = try await store.ended(fire("rare", at: 1))
        let result = try await store.prune(before: at(0), keep: 3, now: at(1_000))
        #expect(result.runs == 1197)
        let left = try await store.runs(RunQuery()).map(\.fire)
        #expect(left == [fire(at: 1200), fire(at: 1199), fire(at: 1198), fire("rare", at: 1)])
    }

    @Test(arguments: StoreKind.all)
    func `a pruned fire can never be claimed again, and is no longer owed`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.see([TriggerKey(recipe: "sync", trigger: "cron")], now: at(1))
        _ = try await store.ended(fire(at: 100))
        try await store.record([RunRecord(fire: fire(at: 160), status: .missed, missedUntil: at(400), missedCount: 5)])
        _ = try await store.prune(before: at(200), keep: nil, now: at(1_000))
        #expect(try await store.runs(RunQuery()).isEmpty)
        #expect(try await store.claim([request(fire(at: 100)), request(fire(at: 400))]) == [.taken, .taken])
        let trigger = try #require(try await store.triggers().first)
        #expect(trigger.watermark == at(400))
        #expect(trigger.lastFire == at(400))
        _ = try await store.claimed(fire(at: 460))
    }

    @Test(arguments: StoreKind.all) func `old renewals go`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        for second in [10, 20] as [Int64] {
            let renewal = RenewalRecord(
                connection: "c",
                identity: "i",
                at: at(second),
                reason: .expiry,
                kind: .refresh,
                duration: .seconds(1),
                outcome: .failed(message: "no"),
                node: node
            )
            let state = TokenState.cooling(until: at(30), failures: 1, message: "no")
            let failure = RenewalFailure(identity: "i", generation: 0, state: state, secretDigest: "")
            try await store.failRenewal(failure, renewal, holder: node)
        }
        #expect(try await store.prune(before: at(15), keep: nil, now: at(1_000)).renewals == 1)
        #expect(try await store.renewals(of: nil, limit: 9).map(\.at) == [at(20)])
    }

    @Test func `the space really goes back to the file system`() async throws {
        let store = try StoreKind.sqlite.make(at: place)
        let big = Value.string(String(repeating: "x", count: 100_000))
        for second in 1...40 as ClosedRange<Int64> {
            let run = try await store.claimed(fire(at: second))
            let end = RunEnd(run: run.id, status: .succeeded, finishedAt: at(second), output: big)
            try await store.finish(end, fence: 1)
        }
        let result = try await store.prune(before: at(100), keep: nil, now: at(1_000))
        #expect(result.runs == 40)
        #expect(result.bytesFreed > 3_500_000)
        let attributes = try FileManager.default.attributesOfItem(atPath: place.store)
        let size = try #require(attributes[.size] as? Int)
        #expect(size < 300_000)
    }
}
