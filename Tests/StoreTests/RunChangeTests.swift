import CEL
import Schedule
import Store
import Testing

/// What people ask of single runs: their end, and that they go on after it.
@Suite struct RunChangeTests {
    let place: Place

    init() throws { place = try Place() }

    private func cancel(_ store: any Store, _ run: RunID, alive: Bool = true) async throws -> CancelOutcome? {
        try await store.cancel(run, reason: "cancelled: enough", now: at(200)) { _ in alive }
    }

    private func register(_ store: any Store, _ node: NodeID = node, role: NodeRole = .scheduler) async throws {
        let record = NodeRecord(
            id: node,
            role: role,
            host: "h",
            boot: "b",
            pid: 1,
            processStart: 1,
            leaseUntil: at(9_000)
        )
        try await store.register(record, now: at(0))
    }

    @Test(arguments: StoreKind.all) func `what has not begun is over at once`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.claimed(fire(at: 100), overlap: .queue)
        let wanted = request(fire(at: 101), overlap: .queue, inputs: ["a": 1])
        guard case .waiting(let run, _)? = try await store.claim([wanted]).first else {
            throw StoreError.other(path: "", detail: "it does not wait")
        }
        guard case .cancelled(let ended)? = try await cancel(store, run.id) else {
            throw StoreError.other(path: "", detail: "not cancelled")
        }
        let detail = try #require(try await store.run(run.id.text))
        #expect(detail.run == ended)
        #expect(ended.status == .cancelled && ended.reason == "cancelled: enough" && ended.finishedAt == at(200))
        // For a rerun.
        #expect(detail.inputs == ["a": 1])
        // Whoever lets it wait is told.
        #expect(try await store.start(run.id, fence: run.fence, .inTurn, at: at(201)) == .fenced)
        #expect(try await cancel(store, run.id) == .over(ended))
    }

    @Test(arguments: StoreKind.all) func `who holds a run is asked, once`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        try await register(store)
        let run = try await store.claimed(fire())
        guard case .requested? = try await cancel(store, run.id) else {
            throw StoreError.other(path: "", detail: "not asked")
        }
        _ = try await store.cancel(run.id, reason: "again", now: at(201)) { _ in true }
        #expect(try await store.cancelRequests(of: node) == [CancelRequest(run: run.id, reason: "cancelled: enough")])
        // It is known to whoever takes the run over.
        let taken = try #require(try await store.takeOver(run.id, fence: run.fence, node: otherNode))
        #expect(taken.cancelReason == "cancelled: enough")
    }

    @Test(arguments: StoreKind.all)
    func `a dead node's run is left to a living scheduler, or is over`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        try await register(store, otherNode)
        let first = try await store.claimed(fire(at: 100))
        guard case .requested? = try await cancel(store, first.id) else {
            throw StoreError.other(path: "", detail: "not asked")
        }
        let second = try await store.claimed(fire(at: 101))
        guard case .cancelled(let ended)? = try await cancel(store, second.id, alive: false) else {
            throw StoreError.other(path: "", detail: "not cancelled")
        }
        #expect(ended.status == .cancelled && ended.fence == second.fence + 1)
        #expect(try await cancel(store, RunID()) == nil)
    }

    @Test(arguments: StoreKind.all) func `an ended run goes on without what it forgets`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let run = try await store.claimed(fire(), inputs: ["a": 1])
        for name in ["a", "b", "finally/c"] {
            try await store.complete(action(run.id, name, result: .string(name)), fence: run.fence)
        }
        let end = RunEnd(run: run.id, status: .failed, finishedAt: at(150), reason: "broke", error: "broke", output: 1)
        try await store.finish(end, fence: run.fence)
        let forgotten = ["b", "finally/c"].map { Reopening.Action(path: $0, index: "") }
        var wish = Reopening(run: run.id, fence: run.fence, node: otherNode, now: at(200), forgotten: forgotten)
        let reopened = try #require(try await store.reopen(wish))
        #expect(reopened.status == .running && reopened.attempt == 2 && reopened.node == otherNode)
        #expect(reopened.startedAt == run.startedAt && reopened.finishedAt == nil && reopened.reason == nil)
        let detail = try #require(try await store.run(run.id.text))
        #expect(detail.actions.map(\.path) == ["a"])
        #expect(detail.inputs == ["a": 1] && detail.output == nil && detail.error == nil)
        // Somebody else was faster.
        #expect(try await store.reopen(wish) == nil)
        try await store.finish(
            RunEnd(run: run.id, status: .succeeded, finishedAt: at(300)),
            fence: reopened.fence
        )
        wish.fence = reopened.fence
        #expect(try await store.reopen(wish) == nil)
    }

    @Test(arguments: StoreKind.all) func `a run knows which one it repeats`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let first = try await store.ended(fire(at: 100))
        var second = running(fire(at: 101))
        second.origin = first.id
        _ = try await store.claim([ClaimRequest(run: second, overlap: .allow)])
        #expect(try await store.run(second.id.text)?.run.origin == first.id)
    }
}
