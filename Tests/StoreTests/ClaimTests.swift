import CEL
import Schedule
import Store
import Testing

@Suite struct ClaimTests {
    let place: Place

    init() throws { place = try Place() }

    @Test(arguments: StoreKind.all) func `a fire is claimed once, whoever asks again`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let run = try await store.claimed(fire())
        #expect(run.status == .running)
        #expect(run.fence == 1)
        #expect(try await store.claim([request(fire())]) == [.taken])
        #expect(try await store.runs(RunQuery()) == [run])
    }

    @Test(arguments: StoreKind.all)
    func `an ad-hoc run is claimed with its node and its recipe's text`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let record = NodeRecord.current(id: node, leaseUntil: at(200))
        let outcome = try await store.claim(request(fire()), by: record, source: "the text", now: at(100))
        guard case .claimed(let run) = outcome else { throw StoreError.other(path: "", detail: "\(outcome)") }
        #expect(try await store.runs(RunQuery()) == [run])
        #expect(try await store.version("v1") == "the text")
        // Its node is known: nobody takes the run for an orphan while that lives.
        #expect(try await store.orphans(now: at(150)) { $0 == record }.isEmpty)
        #expect(try await store.claim(request(fire()), by: record, source: "the text", now: at(101)) == .taken)
    }

    @Test(arguments: StoreKind.all) func `two triggers at the same instant are two fires`(kind: StoreKind) async throws
    {
        let store = try kind.make(at: place)
        _ = try await store.claimed(fire(trigger: "a"))
        _ = try await store.claimed(fire(trigger: "b"))
        #expect(try await store.runs(RunQuery()).count == 2)
    }

    @Test(arguments: StoreKind.all)
    func `eight tasks that claim the same 500 fires get each exactly once`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        try await expectEachOnce(claimers: Array(repeating: store, count: 8))
    }

    @Test(arguments: StoreKind.shared)
    func `two stores on one file that claim the same fires get each exactly once`(kind: StoreKind) async throws {
        let (one, two) = (try kind.make(at: place), try kind.make(at: place))
        try await expectEachOnce(claimers: [one, two, one, two, one, two, one, two])
    }

    private func expectEachOnce(claimers: [any Store]) async throws {
        let claimed = try await withThrowingTaskGroup(of: [FireKey].self) { group in
            for (number, store) in claimers.enumerated() {
                group.addTask {
                    var mine: [FireKey] = []
                    for step in 0..<500 {
                        // Each in an order of its own, so that they meet in different places.
                        let wanted = fire("recipe-\((step * 7 + number * 61) % 500)")
                        let outcomes = try await store.claim([request(wanted)])
                        if case .claimed(let run) = outcomes.first { mine.append(run.fire) }
                    }
                    return mine
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(claimed.count == 500)
        #expect(Set(claimed).count == 500)
        #expect(try await claimers[0].runs(RunQuery(limit: 1000)).count == 500)
    }

    @Test(arguments: StoreKind.all)
    func `overlap skip records the fire as skipped and names the run in the way`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let first = try await store.claimed(fire(at: 100), overlap: .skip)
        let outcomes = try await store.claim([request(fire(at: 160), overlap: .skip)])
        guard case .skipped(let skipped) = try #require(outcomes.first) else {
            Issue.record("not skipped: \(outcomes)")
            return
        }
        #expect(skipped.status == .skipped)
        #expect(skipped.reason == "overlap: run \(first.id) is still going")
        #expect(skipped.startedAt == nil)
        #expect(skipped.node == nil)
        #expect(try await store.runs(RunQuery()) == [skipped, first])
        #expect(try await store.claim([request(fire(at: 160), overlap: .skip)]) == [.taken])
    }

    @Test(arguments: StoreKind.all)
    func `overlap looks at the same recipe only, and at live runs only`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.claimed(fire("other"), overlap: .skip)
        let interrupted = try await store.ended(fire(at: 110), status: .interrupted)
        let second = try await store.claimed(fire(at: 160), overlap: .skip)
        try await store.finish(RunEnd(run: second.id, status: .succeeded, finishedAt: at(161)), fence: 1)
        _ = try await store.takeOver(interrupted.id, fence: 1, node: node)
        _ = try await store.claim([request(fire(at: 170), overlap: .skip)])
        #expect(try await store.runs(RunQuery(statuses: [.skipped])).map(\.fire) == [fire(at: 170)])
    }

    @Test(arguments: StoreKind.all)
    func `a batch sees what its earlier requests have claimed`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let wanted = [
            request(fire(at: 100), overlap: .skip), request(fire(at: 160), overlap: .skip), request(fire("b")),
        ]
        let outcomes = try await store.claim(wanted)
        try #require(outcomes.count == 3)
        #expect(outcomes[0] == .claimed(wanted[0].run))
        #expect(outcomes[2] == .claimed(wanted[2].run))
        guard case .skipped = outcomes[1] else {
            Issue.record("not skipped: \(outcomes[1])")
            return
        }
    }

    @Test(arguments: StoreKind.all)
    func `unserved fires are recorded once, and bar a later claim`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        let missed = RunRecord(
            fire: fire(at: 100),
            status: .missed,
            reason: "runner was not running",
            missedUntil: at(400),
            missedCount: 6
        )
        let paused = RunRecord(fire: fire(at: 500), status: .paused, reason: "paused by hand")
        try await store.record([missed, paused])
        try await store.record([RunRecord(fire: fire(at: 100), status: .skipped)])
        #expect(try await store.runs(RunQuery()) == [paused, missed])
        #expect(try await store.claim([request(fire(at: 100))]) == [.taken])
    }

    @Test(arguments: StoreKind.all)
    func `a claim is changed, or withdrawn as if it had never been made`(kind: StoreKind) async throws {
        let store = try kind.make(at: place)
        _ = try await store.ended(fire(at: 100))
        let run = try await store.claimed(fire(at: 160))
        try await store.revise(run.id, fence: 1, version: "new")
        #expect(try await store.run(run.id.text)?.run.version == "new")
        let key = TriggerKey(recipe: "sync", trigger: "cron")
        #expect(try await store.progress(of: [key]).map(\.lastFire) == [at(160)])
        await #expect(throws: StoreError.fenced(run.id)) {
            try await store.revise(run.id, fence: 2, version: nil)
        }
        try await store.revise(run.id, fence: 1, version: nil)
        #expect(try await store.run(run.id.text) == nil)
        let last = try #require(try await store.progress(of: [key]).first?.lastFire)
        #expect(last >= at(100) && last < at(160))
        #expect(try await store.claim([request(fire(at: 100))]) == [.taken])
        _ = try await store.claimed(fire(at: 160))
        // A fire that was served later than this one was stays the last.
        let next = try await store.claimed(fire(at: 200))
        let third = try await store.claimed(fire(at: 300))
        try await store.revise(next.id, fence: 1, version: nil)
        #expect(try await store.progress(of: [key]).map(\.lastFire) == [third.fire.scheduledAt])
    }

    @Test(arguments: StoreKind.all) func `a run whose record is gone ends no other that has its row`(
        kind: StoreKind
    ) async throws {
        let store = try kind.make(at: place)
        let gone = try await store.claimed(fire(at: 100))
        try await store.revise(gone.id, fence: 1, version: nil)
        // The row with the highest number was removed: the next run gets that number.
        let next = try await store.claimed(fire(at: 101))
        await #expect(throws: StoreError.fenced(gone.id)) {
            try await store.finish(RunEnd(run: gone.id, status: .succeeded, finishedAt: at(102)), fence: 1)
        }
        await #expect(throws: StoreError.fenced(gone.id)) {
            try await store.complete(action(gone.id, "list", result: 1), fence: 1)
        }
        #expect(try await store.run(next.id.text)?.run.status == .running)
        try await store.finish(RunEnd(run: next.id, status: .succeeded, finishedAt: at(102)), fence: 1)
    }
}
