import CEL
import Foundation
import Schedule
import Store
import Testing

/// Items of `foreach` that are done once, and runs that are parked.
@Suite struct ItemTests {
    let place: Place

    init() throws { place = try Place() }

    private func claim(
        _ store: any Store,
        _ keys: [String],
        _ run: RunRecord,
        of action: String = "each",
        at second: Int64
    )
        async throws -> [ItemClaim]
    {
        try await store.claimItems(keys, of: action, run: run.id, fence: run.fence, now: at(second))
    }

    private func complete(_ store: any Store, _ key: String, _ run: RunRecord, until: Int64) async throws {
        var record = action(run.id, "each", index: "0")
        record.doneItem = DoneItem(key: key, until: at(until))
        try await store.complete(record, fence: run.fence)
    }

    @Test(arguments: StoreKind.all) func `an item is one live run's, and done until its time is over`(kind: StoreKind)
        async throws
    {
        let store = try kind.make(at: place)
        let first = try await store.claimed(fire(at: 100))
        let second = try await store.claimed(fire(at: 101))
        let other = try await store.claimed(fire("other", at: 100))
        #expect(try await claim(store, ["a", "b"], first, at: 110) == [.claimed, .claimed])
        #expect(try await claim(store, ["a", "b"], first, at: 110) == [.claimed, .claimed])
        #expect(try await claim(store, ["a", "c"], second, at: 110) == [.taken, .claimed])
        // Another action, and another recipe, has keys of its own.
        #expect(try await claim(store, ["a"], second, of: "more", at: 110) == [.claimed])
        #expect(try await claim(store, ["a"], other, at: 110) == [.claimed])
        try await complete(store, "a", first, until: 200)
        #expect(try await claim(store, ["a"], first, at: 199) == [.done])
        // `b` was not done: whoever comes after the run takes it.
        try await store.finish(RunEnd(run: first.id, status: .failed, finishedAt: at(120)), fence: 1)
        #expect(try await claim(store, ["a", "b"], second, at: 199) == [.done, .claimed])
        #expect(try await claim(store, ["a"], second, at: 200) == [.claimed])
        await #expect(throws: StoreError.fenced(first.id)) { try await claim(store, ["z"], first, at: 200) }
    }

    @Test(arguments: StoreKind.all) func `prune forgets what is over, and what ended runs had taken`(kind: StoreKind)
        async throws
    {
        let store = try kind.make(at: place)
        let first = try await store.claimed(fire(at: 100))
        _ = try await claim(store, ["a", "b", "c"], first, at: 110)
        try await complete(store, "a", first, until: 200)
        try await complete(store, "b", first, until: 900)
        try await store.finish(RunEnd(run: first.id, status: .failed, finishedAt: at(120)), fence: 1)
        _ = try await store.prune(before: at(0), keep: nil, now: at(300))
        let second = try await store.claimed(fire(at: 101))
        // Asked as of an earlier moment: what is forgotten is not done.
        #expect(try await claim(store, ["a", "b", "c"], second, at: 150) == [.claimed, .done, .claimed])
    }

    @Test func `keys are not in the file, and outlive a change of the sealing key`() async throws {
        let (old, new) = (Sealer(SealingKey()), Sealer(SealingKey()))
        let store = try SQLiteStore.open(at: place.store, sealer: old)
        let first = try await store.claimed(fire(at: 100))
        try await complete(store, "customer-4711", first, until: 900)
        try await store.finish(RunEnd(run: first.id, status: .succeeded, finishedAt: at(120)), fence: 1)
        _ = try await store.rotate(to: new)
        try store.close()
        let again = try SQLiteStore.open(at: place.store, sealer: new)
        let second = try await again.claimed(fire(at: 101))
        #expect(try await claim(again, ["customer-4711"], second, at: 150) == [.done])
        try again.close()
        let bytes = try #require(FileManager.default.contents(atPath: place.store))
        #expect(bytes.range(of: Data("customer-4711".utf8)) == nil)
    }

    // MARK: Parking

    @Test(arguments: StoreKind.all) func `a parked run is live, no orphan, and taken once when it is due`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        let run = try await store.claimed(fire(at: 100), inputs: ["n": 1])
        var parking = Parking(
            run: run.id,
            until: at(500),
            spent: .seconds(7),
            lateness: .seconds(1),
            actions: [action(run.id, "wait[0]")]
        )
        #expect(try await store.park(parking, fence: 1) == at(500))
        let parked = try #require(try await store.run(run.id.text))
        #expect(parked.run.status == .running && parked.run.reason == "waiting until 1970-01-01T00:08:20Z")
        #expect(parked.run.spent == .seconds(7) && parked.run.lateness == .seconds(1))
        #expect(parked.actions.map(\.path) == ["wait[0]"])
        #expect(try await store.orphans(now: at(200)) { _ in false } == [])
        #expect(try await store.nextParked() == at(500))
        #expect(try await store.parked() == [ParkedRun(run: run.id, recipe: "sync", until: at(500))])
        let skipped = try await store.claim([request(fire(at: 200), overlap: .skip)])
        #expect(skipped.first.map { if case .skipped = $0 { true } else { false } } == true)

        #expect(try await store.takeParked(due: at(499), limit: 10, node: otherNode) == [])
        let taken = try await store.takeParked(due: at(500), limit: 10, node: otherNode)
        #expect(taken.map(\.run.id) == [run.id])
        #expect(taken.first?.inputs == ["n": 1])
        #expect(taken.first?.run.fence == 2 && taken.first?.run.node == otherNode && taken.first?.run.attempt == 1)
        #expect(taken.first?.run.reason == nil)
        #expect(try await store.takeParked(due: at(500), limit: 10, node: node) == [])
        #expect(try await store.nextParked() == nil)
        parking.until = at(600)
        await #expect(throws: StoreError.fenced(run.id)) { try await store.park(parking, fence: 1) }
    }

    @Test(arguments: StoreKind.all) func `who is to end is due at once`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let early = try await store.claimed(fire(at: 100), overlap: .cancel)
        // Asked before it is parked, and after.
        _ = try await store.claim([request(fire(at: 101), overlap: .cancel)])
        let parking = Parking(run: early.id, until: at(500), spent: .zero, lateness: nil, actions: [])
        #expect(try await store.park(parking, fence: 1) < at(101))
        let late = try await store.claimed(fire("late", at: 100))
        _ = try await store.park(
            Parking(run: late.id, until: at(500), spent: .zero, lateness: nil, actions: []),
            fence: 1
        )
        let outcome = try await store.cancel(late.id, reason: "enough", now: at(150)) { _ in true }
        #expect(outcome.map { if case .parked = $0 { true } else { false } } == true)
        let taken = try await store.takeParked(due: at(150), limit: 10, node: otherNode)
        #expect(Set(taken.map(\.run.id)) == [early.id, late.id])
        #expect(taken.first { $0.run.id == late.id }?.run.cancelReason == "enough")
    }
}
