import CEL
import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// Runs that people ask for: of past fire times, and now.
@Suite(.timeLimit(.minutes(2))) struct BackfillTests {
    private let begin = Instant.at("2026-05-04T12:00:00Z")

    private func bench(_ trigger: String, _ more: [String: String] = [:]) throws -> Workbench {
        let files = ["job.yml": "trigger: \(trigger)\ninputs: { n: { default: one } }\nactions: [{ log: hello }]\n"]
        return try Workbench(files.merging(more) { $1 }, clock: ManualEngineClock(at: begin))
    }

    private func process(
        _ bench: Workbench,
        length: @escaping @Sendable (RunOrder) -> Duration = { _ in .zero }
    ) throws -> SchedulerProcess {
        SchedulerProcess(bench, clock: try #require(bench.clock as? ManualEngineClock), length: length)
    }

    private func records(_ bench: Workbench) async throws -> [RunRecord] {
        try await bench.store.runs(RunQuery(limit: 100_000)).reversed()
    }

    private func audit(_ bench: Workbench, _ key: TriggerKey, at now: Instant) async throws -> TriggerAudit {
        let store = try #require(bench.store as? any Store & FireReading)
        let rules = RuleBook(bench.workspace(), loader: bench.loader, store: store)
        var auditor = FireAuditor(store, rules: rules, from: Instant(seconds: 0), to: now, now: now)
        let histories = try await store.triggerHistories(of: key.recipe)
        return try await auditor.audit(try #require(histories.first { $0.key == key }))
    }

    private func plan(
        _ bench: Workbench,
        _ from: Instant,
        _ to: Instant,
        _ scope: BackfillPlan.Scope = .all
    ) async throws -> BackfillPlan {
        let recipe = try #require(bench.workspace().recipes["job"])
        let records = try await bench.store.records(of: "job", from: from, to: to)
        return try BackfillPlan(recipe, from: from, to: to, scope, records: records)
    }

    @Test func `fire times without a run get one, and those that have one keep it`() async throws {
        let bench = try bench("{ id: t, cron: '*/10 * * * *', catch_up: none }")
        let first = try process(bench)
        try await first.start()
        await first.advance(by: .seconds(1_300))
        try await first.kill()
        first.clock.step(by: .seconds(1_800))
        let second = try process(bench)
        try await second.start()
        #expect(try await records(bench).map(\.status) == [.succeeded, .succeeded, .missed, .missed, .missed])

        // From before the recipe was there, up to a missed one.
        let plan = try await plan(bench, begin - .seconds(1_200), begin + .seconds(2_400))
        #expect(plan.fires.map(\.was) == [nil, nil, nil, .missed])
        #expect(plan.fires.map(\.key.scheduledAt) == [-1_200, -600, 0, 1_800].map { begin + .seconds($0) })
        let made = try #require(try await bench.store.backfill(plan.backfill))
        #expect(made.count == 4)
        #expect(try await bench.store.pendingBackfills() == ["job"])
        // Once is enough.
        #expect(try await self.plan(bench, begin - .seconds(1_200), begin + .seconds(2_400)).fires == [])
        #expect(try await bench.store.backfill(plan.backfill) == nil)

        await second.scheduler.lookAround()
        await second.settle()
        await second.advance(by: .seconds(10))
        let after = try await records(bench)
        #expect(after.map(\.status) == Array(repeating: .succeeded, count: 6) + [.missed, .missed])
        let filled = after.filter { $0.cause == .backfill }
        #expect(filled.map(\.fire) == plan.fires.map(\.key))
        #expect(filled.allSatisfy { $0.version != nil && $0.lateness == nil && $0.attempt == 1 })
        // Paced, one after another, oldest first.
        let starts = filled.compactMap(\.startedAt)
        #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 == .seconds(1) })
        #expect(try await bench.store.pendingBackfills() == [])
    }

    @Test func `a range gives up what is to run, and keeps the rest`() async throws {
        let bench = try bench("{ id: t, interval: 1m, align: clock, catch_up: none }")
        let trigger = try #require(bench.workspace().recipes["job"]?.triggers.first)
        let key = TriggerKey(recipe: "job", trigger: "t")
        let first = try process(bench)
        try await first.start()
        try await first.kill()
        first.clock.step(by: .seconds(3_000 * 60))
        let second = try process(bench)
        try await second.start()
        var all = try await bench.store.accounted(for: key, trigger)
        #expect(all.count == 3_000)
        // Within the range, across its end, and the range's very first.
        for (from, to) in [(600, 610), (1_995, 2_005), (1, 2)] as [(Int64, Int64)] {
            let plan = try await plan(bench, begin + .seconds(from * 60), begin + .seconds(to * 60))
            #expect(plan.fires.count == Int(to - from))
            #expect(try await bench.store.backfill(plan.backfill)?.count == Int(to - from))
            all = try await bench.store.accounted(for: key, trigger)
            #expect(all.count == 3_000 && all.values.allSatisfy { $0 == 1 })
        }
        let queued = try await bench.store.runs(RunQuery(statuses: [.queued], limit: 1_000))
        #expect(queued.count == 21)
    }

    @Test(arguments: [100, 3_000], [false, true])
    func `what a backfill takes before anybody has decided about an outage leaves no gap and no double`(
        minutes: Int64,
        isPaused: Bool
    ) async throws {
        let bench = try bench("{ id: t, interval: 1m, align: clock, catch_up: latest }")
        let trigger = try #require(bench.workspace().recipes["job"]?.triggers.first)
        let key = TriggerKey(recipe: "job", trigger: "t")
        let first = try process(bench)
        try await first.start()
        await first.advance(by: .seconds(150))
        if isPaused { _ = try await bench.store.pause("job", note: nil, now: first.clock.now()) }
        try await first.kill()
        first.clock.step(by: .seconds(minutes * 60))
        // In the midst of it, and its end.
        for (from, to) in [(20, 30), (minutes - 3, minutes)] as [(Int64, Int64)] {
            let plan = try await plan(bench, begin + .seconds(from * 60), begin + .seconds(to * 60))
            #expect(try await bench.store.backfill(plan.backfill)?.count == Int(to - from))
        }
        // Nobody has decided about the others yet.
        let before = try await audit(bench, key, at: first.clock.now())
        #expect(
            before.isProven && before.pending?.count == Int(minutes) + 2 - 2 - 13 && before.asked == Int(minutes) + 2
        )
        let second = try process(bench)
        try await second.start()
        let after = try await audit(bench, key, at: first.clock.now())
        #expect(after.isProven && after.pending == nil && after.asked == Int(minutes) + 2)
        await second.advance(by: .seconds(3_600))
        let all = try await bench.store.accounted(for: key, trigger)
        #expect(all.count == Int(minutes) + 62 && all.values.allSatisfy { $0 == 1 })
        #expect(try await records(bench).count { $0.cause == .backfill } == 13)
    }

    @Test func `--missing-only leaves decisions alone`() async throws {
        let bench = try bench("{ id: t, cron: '* * * * *', catch_up: none }")
        let process = try process(bench) { _ in .seconds(90) }
        try await process.start()
        await process.advance(by: .seconds(150))
        _ = try await bench.store.pause("job", note: nil, now: process.clock.now())
        await process.advance(by: .seconds(150))
        _ = try await bench.store.unpause("job", now: process.clock.now())
        let end = begin + .seconds(300)
        #expect(try await records(bench).map(\.status) == [.succeeded, .skipped, .paused])
        #expect(try await plan(bench, begin, end).fires.map(\.was) == [nil, .skipped, .paused, .paused])
        #expect(try await plan(bench, begin, end, .missing).fires.map(\.was) == [nil])
    }

    @Test func `too much at once is refused`() async throws {
        let bench = try bench("{ interval: 1s }")
        await #expect(throws: BackfillPlan.TooMany.self) {
            _ = try await plan(bench, begin - .seconds(20_000), begin)
        }
    }

    @Test func `a backfill costs no live fire, and outlives its process`() async throws {
        let bench = try bench("{ id: t, cron: '*/5 * * * *', catch_up: none, catch_up_pace: 10s }")
        let first = try process(bench) { _ in .seconds(120) }
        try await first.start()
        let plan = try await plan(bench, begin - .seconds(1_500), begin)
        #expect(try await bench.store.backfill(plan.backfill)?.count == 5)
        await first.scheduler.lookAround()
        await first.settle()
        await first.advance(by: .seconds(310))
        // The live fire waits for the run that is going, and the next of the backfill for it.
        #expect(try await records(bench).suffix(1).map(\.status) == [.queued])
        await first.advance(by: .seconds(60))
        #expect(try await records(bench).suffix(1).map(\.status) == [.running])
        try await first.kill()
        let second = try process(bench) { _ in .seconds(120) }
        try await second.start()
        await second.advance(by: .seconds(1_200))
        let after = try await records(bench)
        #expect(after.allSatisfy { $0.status == .succeeded || $0.status == .running }, "\(after.map(\.status))")
        let spans = after.compactMap { run in run.startedAt.flatMap { start in run.finishedAt.map { (start, $0) } } }
            .sorted { $0.0 < $1.0 }
        #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.1 <= $1.0 })
        #expect(after.filter { $0.cause == .schedule }.count == 5)
    }

    @Test func `a pause holds a backfill up`() async throws {
        let bench = try bench("{ id: t, cron: '*/5 * * * *' }")
        let process = try process(bench)
        try await process.start()
        let plan = try await plan(bench, begin - .seconds(900), begin)
        _ = try await bench.store.pause("job", note: nil, now: begin)
        _ = try await bench.store.backfill(plan.backfill)
        await process.scheduler.lookAround()
        await process.advance(by: .seconds(60))
        #expect(process.performer.orders.isEmpty)
        _ = try await bench.store.unpause("job", now: process.clock.now())
        await process.scheduler.lookAround()
        await process.settle()
        await process.advance(by: .seconds(10))
        #expect(process.performer.fireTimes == plan.fires.map(\.key.scheduledAt))
    }

    @Test func `a person's run is taken once, by any node, beside others and in a pause`() async throws {
        let bench = try bench("{ id: t, cron: '* * * * *' }")
        let both = [try process(bench) { _ in .seconds(90) }, try process(bench) { _ in .seconds(90) }]
        for process in both { try await process.start() }
        await both[0].clock.advance(by: .seconds(61)) { for process in both { await process.settle() } }
        _ = try await bench.store.pause("job", note: nil, now: both[0].clock.now())
        let recipe = try #require(bench.workspace().recipes["job"])
        let run = RunRecord(
            fire: FireKey(recipe: "job", trigger: TriggerName.manual, scheduledAt: begin + .seconds(61)),
            status: .queued,
            cause: .person,
            version: recipe.version
        )
        let inputs: Value = ["n": "two"]
        _ = try await bench.store.claim([ClaimRequest(run: run, overlap: .allow, inputs: inputs)])
        for process in both { await process.scheduler.lookAround() }
        for process in both { await process.settle() }
        let orders = both.flatMap(\.performer.orders).filter { $0.run.id == run.id }
        #expect(orders.map(\.inputs) == [inputs])
        #expect(orders.map(\.terms.beginning) == [.fresh])
        let record = try #require(try await bench.store.run(run.id.text)?.run)
        #expect(record.status == .running && record.attempt == 1 && record.cause == .person)
        #expect(try await records(bench).map(\.status) == [.running, .running])
    }
}
