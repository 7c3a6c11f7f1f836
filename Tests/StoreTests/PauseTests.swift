import Schedule
import Store
import Testing

@Suite struct PauseTests {
    let place: Place

    init() throws { place = try Place() }

    private func queued(_ second: Int64, cause: RunCause = .schedule) -> ClaimRequest {
        var run = running(fire(at: second))
        (run.status, run.startedAt, run.cause) = (.queued, nil, cause)
        return ClaimRequest(run: run, overlap: .allow)
    }

    @Test(arguments: StoreKind.all) func `a pause lasts until it is ended`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        #expect(try await store.unpause("sync", now: at(50)) == nil)
        let pause = try await store.pause("sync", note: "upgrade", now: at(100))
        #expect(pause == PauseRecord(recipe: "sync", since: at(100), note: "upgrade"))
        // Of one that is paused already only the note changes.
        let again = try await store.pause("sync", note: "long upgrade", now: at(200))
        #expect(again == PauseRecord(recipe: "sync", since: at(100), note: "long upgrade"))
        #expect(try await store.pauses(after: nil) == [again])
        let ended = PauseRecord(recipe: "sync", since: at(100), until: at(300), note: "long upgrade")
        #expect(try await store.unpause("sync", now: at(300)) == ended)
        #expect(try await store.pauses(after: nil) == [])
        let second = try await store.pause("sync", note: nil, now: at(400))
        #expect(try await store.pauses(after: at(299)) == [ended, second])
        #expect(try await store.pauses(after: at(300)) == [second])
    }

    @Test(arguments: StoreKind.all)
    func `fires in a pause share one record, which grows`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.pause("sync", note: "upgrade", now: at(100))
        _ = try await store.claimed(fire("other", at: 100))
        guard case .paused(let first) = try await store.claim([request(fire(at: 110), overlap: .skip)]).first else {
            Issue.record("not paused")
            return
        }
        #expect(first.status == .paused && first.reason == "paused: upgrade" && first.node == nil)
        for second in [120, 130, 130, 120] as [Int64] { _ = try await store.claim([request(fire(at: second))]) }
        _ = try await store.claim([request(fire(trigger: "second", at: 120))])
        let range = RunRecord(fire: fire(at: 140), status: .paused, missedUntil: at(190), missedCount: 6)
        try await store.record([range, range])
        let records = try await store.runs(RunQuery(recipe: "sync"))
        #expect(records.map(\.fire) == [fire(trigger: "second", at: 120), fire(at: 110)])
        #expect(records[1].missedUntil == at(190) && records[1].missedCount == 9)
        #expect(records[0].missedCount == nil)
        #expect(try await store.triggers().isEmpty)
        // What is in the record is not run later, not even by a node that was slow.
        _ = try await store.unpause("sync", now: at(195))
        #expect(try await store.claim([request(fire(at: 150)), request(fire(at: 110))]) == [.taken, .taken])
        _ = try await store.claimed(fire(at: 200))
        _ = try await store.pause("sync", note: "again", now: at(205))
        _ = try await store.claim([request(fire(at: 210))])
        #expect(try await store.runs(RunQuery(recipe: "sync", statuses: [.paused], from: at(201))).count == 1)
    }

    @Test(arguments: StoreKind.all)
    func `what waits does not start in a pause, unless a person asked for it`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let (waiting, asked) = (queued(100), queued(101, cause: .person))
        _ = try await store.claim([waiting, asked])
        _ = try await store.pause("sync", note: nil, now: at(110))
        #expect(
            try await store.start(waiting.run.id, fence: 1, .besideOthers, at: at(111)) == .paused(reason: "paused")
        )
        #expect(try await store.start(asked.run.id, fence: 1, .besideOthers, at: at(111)) == .started)
        let records = try await store.runs(RunQuery())
        #expect(records.map(\.status) == [.running, .paused])
        #expect(records.map(\.cause) == [.person, .schedule])
        guard case .claimed = try await store.claim([queued(120, cause: .person)]).first else {
            Issue.record("a person's run is not claimed")
            return
        }
    }
}
