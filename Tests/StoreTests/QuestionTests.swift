import CEL
import Schedule
import Store
import Testing

@Suite struct QuestionTests {
    let place: Place

    init() throws { place = try Place() }

    @Test(arguments: StoreKind.all) func `runs are listed newest first, filtered and limited`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        for second in [100, 300, 200] as [Int64] { _ = try await store.ended(fire("a", at: second)) }
        _ = try await store.ended(fire("b", at: 250), status: .failed)
        _ = try await store.claimed(fire("b", at: 260))
        func listed(_ query: RunQuery) async throws -> [Int64] {
            try await store.runs(query).map(\.fire.scheduledAt.wholeSeconds)
        }
        #expect(try await listed(RunQuery()) == [300, 260, 250, 200, 100])
        #expect(try await listed(RunQuery(limit: 2)) == [300, 260])
        #expect(try await listed(RunQuery(recipe: "a")) == [300, 200, 100])
        #expect(try await listed(RunQuery(recipe: "none")) == [])
        #expect(try await listed(RunQuery(statuses: [.failed])) == [250])
        #expect(try await listed(RunQuery(statuses: [.running, .queued])) == [260])
        #expect(try await listed(RunQuery(statuses: [.running, .failed])) == [260, 250])
        #expect(try await listed(RunQuery(statuses: [])) == [])
        #expect(try await listed(RunQuery(from: at(200), to: at(260))) == [250, 200])
    }

    @Test(arguments: StoreKind.all) func `of equal fire times the newest id comes first`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        var runs: [RunID] = []
        for number in 0..<20 { runs.append(try await store.claimed(fire("r\(number)")).id) }
        #expect(try await store.runs(RunQuery()).map(\.id) == runs.sorted(by: >))
    }

    @Test(arguments: StoreKind.all) func `a run is found by the beginning of its id`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let run = try await store.claimed(fire(at: 1))
        #expect(try await store.run(String(run.id.text.prefix(15)))?.run == run)
        #expect(try await store.run(run.id.text.uppercased())?.run == run)
        #expect(try await store.run("zzzz") == nil)
        #expect(try await store.run("") == nil)
        #expect(try await store.run("%'; --") == nil)
        let second = try await store.claimed(fire(at: 2))
        await #expect(throws: StoreError.ambiguous(prefix: "0")) { try await store.run("0") }
        #expect(try await store.run(second.id.text)?.run == second)
    }

    @Test(arguments: StoreKind.all) func `the last record of each recipe`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.ended(fire("a", at: 100))
        let last = try await store.ended(fire("a", trigger: "other", at: 200), status: .failed)
        let only = try await store.claimed(fire("b", at: 50))
        let found = try await store.lastRuns(of: ["a", "b", "c"])
        #expect(found.mapValues(\.id) == ["a": last.id, "b": only.id])
        #expect(found["a"]?.status == .failed)
    }
}
