import Schedule
import Store
import Testing

@Suite struct BackfillTests {
    let place: Place

    init() throws { place = try Place() }

    private func wanted(_ second: Int64) -> RunRecord {
        RunRecord(fire: fire(at: second), status: .queued, cause: .backfill)
    }

    @Test(arguments: StoreKind.all) func `records that concern a period, ranges too`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.ended(fire("other", at: 150))
        try await store.record([
            RunRecord(fire: fire(at: 10), status: .missed, missedUntil: at(90), missedCount: 9),
            RunRecord(fire: fire(at: 100), status: .missed, missedUntil: at(140), missedCount: 5),
        ])
        _ = try await store.ended(fire(at: 150))
        _ = try await store.ended(fire(at: 160))
        let found = try await store.records(of: "sync", from: at(120), to: at(160))
        #expect(found.map(\.fire.scheduledAt) == [at(100), at(150)])
        #expect(try await store.records(of: "nobody", from: at(0), to: at(1_000)) == [])
    }

    @Test(arguments: StoreKind.all)
    func `runs of a backfill are taken one by one, the oldest first`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let made = try await store.backfill(Backfill(fires: [wanted(300), wanted(100), wanted(200)]))
        #expect(made?.count == 3)
        #expect(try await store.pendingBackfills() == ["sync"])
        #expect(try await store.orphans(now: at(400)) { _ in false } == [])
        func take(_ rule: StartRule = .inTurn) async throws -> BackfillTurn {
            try await store.takeBackfill(of: "sync", version: "v2", node: node, rule)
        }
        guard case .taken(let first) = try await take() else {
            Issue.record("nothing taken")
            return
        }
        #expect(first.fire == fire(at: 100) && first.status == .queued && first.node == node && first.version == "v2")
        #expect(try await take() == .mustWait)
        #expect(try await take(.besideOthers) == .mustWait)
        #expect(try await store.start(first.id, fence: first.fence, .inTurn, at: at(401)) == .started)
        try await store.finish(RunEnd(run: first.id, status: .succeeded, finishedAt: at(402)), fence: first.fence)
        _ = try await store.claimed(fire(at: 500))
        #expect(try await take() == .mustWait)
        _ = try await store.pause("sync", note: nil, now: at(500))
        #expect(try await take(.besideOthers) == .none)
        _ = try await store.unpause("sync", now: at(500))
        guard case .taken(let second) = try await take(.besideOthers) else {
            Issue.record("nothing taken")
            return
        }
        #expect(second.fire == fire(at: 200))
        #expect(try await store.takeBackfill(of: "nobody", version: "v", node: node, .inTurn) == .none)
    }

    @Test(arguments: StoreKind.all)
    func `nothing changes when a record is not what it was found as`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        try await store.record([RunRecord(fire: fire(at: 100), status: .missed, reason: "down")])
        let found = try #require(try await store.runs(RunQuery()).first)
        _ = try await store.claimed(fire(at: 200))
        #expect(try await store.backfill(Backfill(records: [found], fires: [wanted(300)]))?.count == 2)
        #expect(try await store.backfill(Backfill(records: [found], fires: [wanted(400)])) == nil)
        let now = try await store.runs(RunQuery())
        #expect(now.map(\.fire.scheduledAt) == [at(300), at(200), at(100)])
        #expect(now.last?.id == found.id && now.last?.status == .queued && now.last?.reason == nil)
        // A fire that has a record is left alone.
        #expect(try await store.backfill(Backfill(fires: [wanted(200), wanted(300)])) == [])
    }
}
