import Schedule
import Store
import Testing

/// The rules of overlap that let a fire wait; `skip` and `allow` are in `ClaimTests`.
@Suite struct OverlapTests {
    let place: Place

    init() throws { place = try Place() }

    /// Claims a fire that must wait.
    private func waiting(_ store: any Store, _ second: Int64, _ rule: OverlapRule, node: NodeID = node) async throws
        -> (RunRecord, Displacement)
    {
        let wanted = ClaimRequest(run: running(fire(at: second), node: node), overlap: rule)
        guard case .waiting(let run, let displacement) = try await store.claim([wanted]).first else {
            throw StoreError.other(path: "test", detail: "it does not wait")
        }
        return (run, displacement)
    }

    private func end(_ store: any Store, _ run: RunRecord) async throws {
        try await store.finish(RunEnd(run: run.id, status: .succeeded, finishedAt: at(1_000)), fence: run.fence)
    }

    @Test(arguments: StoreKind.all) func `queue gives turns in the order of fire times`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let first = try await store.claimed(fire(at: 100), overlap: .queue)
        let (third, _) = try await waiting(store, 300, .queue, node: otherNode)
        let (second, displacement) = try await waiting(store, 200, .queue)
        #expect(displacement == Displacement())
        #expect(second.status == .queued && second.startedAt == nil && second.node == node)
        #expect(try await store.start(second.id, fence: 1, .inTurn, at: at(301)) == .mustWait)
        try await end(store, first)
        #expect(try await store.start(third.id, fence: 1, .inTurn, at: at(302)) == .mustWait)
        #expect(try await store.start(second.id, fence: 1, .inTurn, at: at(303)) == .started)
        #expect(try await store.start(third.id, fence: 1, .inTurn, at: at(304)) == .mustWait)
        #expect(try await store.start(third.id, fence: 1, .besideOthers, at: at(304)) == .started)
    }

    @Test(arguments: StoreKind.all) func `queue is bounded, and says what is over it`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.claimed(fire(at: 100), overlap: .queue)
        let requests = (1...OverlapRule.queueLimit + 2).map { request(fire(at: 100 + Int64($0)), overlap: .queue) }
        let outcomes = try await store.claim(requests)
        #expect(outcomes.count { if case .waiting = $0 { true } else { false } } == OverlapRule.queueLimit)
        let skipped = try await store.runs(RunQuery(statuses: [.skipped]))
        #expect(skipped.count == 2)
        #expect(skipped.allSatisfy { $0.reason == "overlap: 100 fires wait already, and the queue holds no more" })
    }

    @Test(arguments: StoreKind.all)
    func `queue_one keeps the newest, and records the one before as skipped`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let first = try await store.claimed(fire(at: 100), overlap: .queueOne)
        let (second, _) = try await waiting(store, 200, .queueOne, node: otherNode)
        let (third, displacement) = try await waiting(store, 300, .queueOne)
        #expect(displacement.replaced.map(\.id) == [second.id])
        #expect(displacement.cancels == [])
        let records = try await store.runs(RunQuery())
        #expect(records.map(\.status) == [.queued, .skipped, .running])
        #expect(records[1].reason == "the fire of 1970-01-01T00:05:00Z took its place (overlap: queue_one)")
        #expect(records[1].node == nil)
        // Its node learns it when it tries.
        #expect(try await store.start(second.id, fence: 1, .inTurn, at: at(301)) == .fenced)
        try await end(store, first)
        #expect(try await store.start(third.id, fence: 1, .inTurn, at: at(302)) == .started)
    }

    @Test(arguments: StoreKind.all)
    func `cancel asks the node of the run in the way, once, and waits`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let first = try await store.claimed(fire(at: 100), overlap: .cancel)
        let (second, asked) = try await waiting(store, 200, .cancel, node: otherNode)
        let reason = "cancelled: the fire of 1970-01-01T00:03:20Z took its place (overlap: cancel)"
        #expect(asked.cancels == [CancelRequest(run: first.id, reason: reason)])
        #expect(try await store.cancelRequests(of: node) == asked.cancels)
        #expect(try await store.cancelRequests(of: otherNode) == [])
        let (_, again) = try await waiting(store, 300, .cancel)
        #expect(again.replaced.map(\.id) == [second.id])
        // The first reason counts.
        #expect(try await store.cancelRequests(of: node) == asked.cancels)
        try await end(store, first)
        #expect(try await store.cancelRequests(of: node) == [])
    }

    @Test(arguments: StoreKind.all) func `a run that nobody holds is in nobody's way`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        var queued = running(fire(at: 100))
        queued.status = .queued
        queued.startedAt = nil
        _ = try await store.claim([ClaimRequest(run: queued, overlap: .queue)])
        #expect(try await store.queue([queued], node: nil) == [true])
        #expect(try await store.runs(RunQuery()).map(\.node) == [nil])
        #expect(try await store.orphans(now: at(110)) { _ in true }.map(\.id) == [queued.id])
        _ = try await store.claimed(fire(at: 160), overlap: .skip)
        var foreign = queued
        foreign.fence = 7
        #expect(try await store.queue([foreign], node: nil) == [false])
    }

    @Test(arguments: StoreKind.all)
    func `a run that had not begun is taken over as it is`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.claimed(fire(at: 100), overlap: .queue)
        let (second, _) = try await waiting(store, 200, .queue)
        let taken = try #require(try await store.takeOver(second.id, fence: 1, node: otherNode))
        #expect(taken.status == .queued && taken.attempt == 1 && taken.fence == 2 && taken.node == otherNode)
        #expect(try await store.start(second.id, fence: 2, .inTurn, at: at(301)) == .mustWait)
    }

    @Test(arguments: StoreKind.shared) func `a wake-up reaches every store of the place`(kind: StoreKind) async throws {
        let (one, two) = (try kind.make(at: place), try kind.make(at: place))
        var first = one.notifications().makeAsyncIterator()
        var second = two.notifications().makeAsyncIterator()
        one.notify()
        await first.next()
        await second.next()
        two.notify()
        await first.next()
    }

    @Test(.timeLimit(.minutes(1))) func `a wake-up inside the process needs no file`() async throws {
        let store = try SQLiteStore.inMemory()
        var wakeups = store.notifications().makeAsyncIterator()
        store.notify()
        await wakeups.next()
    }
}
