import CEL
import GRDB
import Testing

@testable import Store

/// A state that cannot be sealed when a run ends.
@Suite struct FailingCursorTests {
    let place: Place

    init() throws { place = try Place() }

    @Test func `nothing of the end is written, and the run can still end`() async throws {
        let whole = try SQLiteStore.open(at: place.store, sealer: testSealer)
        let run = try await whole.claimed(fire())
        let queue = try DatabaseQueue(path: place.store)
        let keyless = SQLiteStore(
            path: place.store,
            queue: queue,
            sealer: nil,
            reader: Reader(path: place.store, sharing: queue, open: nil)
        )
        let end = RunEnd(
            run: run.id,
            status: .succeeded,
            finishedAt: at(102),
            actions: [action(run.id, "log")],
            state: ["n": 1]
        )
        await #expect(throws: StoreError.noKey(path: place.store)) { try await keyless.finish(end, fence: 1) }
        let detail = try #require(try await whole.run(run.id.text))
        #expect(detail.run.status == .running && detail.actions.isEmpty)
        try await whole.finish(end, fence: 1)
        #expect(try await whole.state(of: "sync")?.value == ["n": 1])
    }
}
