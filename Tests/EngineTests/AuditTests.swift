import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// The way through a trigger's records, with records made by hand.
struct AuditWalkTests {
    private let begin = Instant.at("2026-05-04T00:00:00Z")

    /// A trigger as a file says it, fired every ten minutes unless the test says otherwise.
    private func trigger(_ text: String = "cron: '*/10 * * * *'") throws -> Trigger {
        let bench = try Workbench(["job.yml": "trigger: { \(text) }\nactions: [{ log: x }]\n"])
        return try #require(bench.workspace().recipes["job"]?.triggers.first)
    }

    private func history(_ spans: [(Int, Int?)], last: Int? = nil, pruned: Int? = nil) -> TriggerHistory {
        TriggerHistory(
            key: TriggerKey(recipe: "job", trigger: "t"),
            spans: spans.map { TriggerHistory.Span(since: at($0), until: $1.map(at)) },
            lastFire: last.map(at),
            prunedUntil: pruned.map(at)
        )
    }

    /// Minutes after the beginning.
    private func at(_ minutes: Int) -> Instant { begin + .seconds(minutes * 60) }

    private func record(_ minutes: Int, until: Int? = nil, count: Int? = nil, _ status: RunStatus = .succeeded)
        -> RunRecord
    {
        RunRecord(
            fire: FireKey(recipe: "job", trigger: "t", scheduledAt: at(minutes)),
            status: until == nil ? status : .missed,
            missedUntil: until.map(at),
            missedCount: count
        )
    }

    private func audit(
        _ records: [RunRecord],
        _ history: TriggerHistory,
        _ rule: Trigger,
        from start: Int = 0,
        through end: Int = 60
    ) -> TriggerAudit {
        var walk = AuditWalk(history, present: rule, after: at(start) - .microseconds(1), through: at(end))
        for record in records { _ = walk.take(record, by: rule) }
        _ = walk.finish(before: nil, present: rule)
        return walk.audit
    }

    @Test func `a record for each fire time is a proof`() throws {
        let audit = try audit((1...6).map { record($0 * 10) }, history([(0, nil)], last: 60), trigger())
        #expect(audit.isProven && audit.asked == 6 && audit.ended == [.succeeded: 6] && audit.pending == nil)
    }

    @Test func `a fire time without a record is lost, neighbours together`() throws {
        let rule = try trigger()
        let audit = audit([10, 40, 60].map { record($0) }, history([(0, nil)], last: 60), rule)
        #expect(!audit.isProven && audit.lost == 3)
        #expect(audit.gaps.first.map(\.first) == [at(20), at(50)])
        #expect(audit.gaps.first.map(\.last) == [at(30), at(50)])
        #expect(audit.gaps.first.map(\.count) == [2, 1])
        // Also when it is the last one that is lost: the trigger remembers how far its records went.
        let tail = self.audit([record(10)], history([(0, nil)], last: 30), rule)
        #expect(tail.lost == 2 && tail.pending?.count == 3)
    }

    @Test func `what is later than every record is still to come`() throws {
        let audit = try audit([record(10)], history([(0, nil)], last: 10), trigger())
        #expect(audit.isProven && audit.asked == 6)
        #expect(audit.pending?.first == at(20) && audit.pending?.last == at(60) && audit.pending?.count == 5)
    }

    @Test func `two records of one fire time are a double, also within a range`() throws {
        let rule = try trigger()
        let twice = audit([10, 10].map { record($0) }, history([(0, nil)], last: 10), rule, through: 10)
        #expect(twice.doubles.count == 1 && twice.lost == 0)
        let within = audit(
            [record(10, until: 40, count: 4), record(30), record(50)],
            history([(0, nil)], last: 50),
            rule,
            through: 50
        )
        #expect(within.doubles.first.map(\.fire.scheduledAt) == [at(30)])
        #expect(within.ended == [.missed: 4, .succeeded: 1])
    }

    @Test func `a range counts, and must count right`() throws {
        let rule = try trigger()
        let right = audit([record(10, until: 60, count: 6)], history([(0, nil)], last: 60), rule)
        #expect(right.isProven && right.ended == [.missed: 6])
        let wrong = audit([record(10, until: 60, count: 5)], history([(0, nil)], last: 60), rule)
        #expect(wrong.misfits.count == 1 && !wrong.isProven)
        let beside = audit([record(10, until: 59, count: 5)], history([(0, nil)], last: 59), rule, through: 59)
        #expect(beside.misfits.count == 1)
    }

    @Test func `of a range only what lies within the audited time counts`() throws {
        let rule = try trigger()
        let audit = audit([record(10, until: 60, count: 6)], history([(0, nil)], last: 60), rule, from: 25, through: 45)
        #expect(audit.isProven && audit.asked == 2 && audit.ended == [.missed: 2])
    }

    @Test func `a range of a year of seconds takes no time`() throws {
        let rule = try trigger("cron: '* * * * * *'")
        let year = RunRecord(
            fire: FireKey(recipe: "job", trigger: "t", scheduledAt: begin + .seconds(1)),
            status: .missed,
            missedUntil: begin + .seconds(31_536_000),
            missedCount: 31_536_000
        )
        var walk = AuditWalk(history([(0, nil)]), present: rule, after: begin, through: begin + .seconds(40_000_000))
        _ = walk.take(year, by: rule)
        #expect(walk.audit.isProven && walk.audit.asked == 31_536_000)
    }

    @Test func `a record at a moment that nobody asked for does not fit`() throws {
        let audit = try audit([10, 13, 20].map { record($0) }, history([(0, nil)], last: 20), trigger(), through: 20)
        #expect(audit.misfits.first.map(\.fire.scheduledAt) == [at(13)])
        #expect(audit.lost == 0)
    }

    @Test func `nothing is owed before the first sight, and what was pruned is not looked at`() throws {
        let rule = try trigger()
        let seen = audit([30, 40, 50, 60].map { record($0) }, history([(25, nil)], last: 60), rule)
        #expect(seen.isProven && seen.asked == 4 && seen.notes.count == 1)
        let pruned = audit([50, 60].map { record($0) }, history([(0, nil)], last: 60, pruned: 40), rule)
        #expect(pruned.isProven && pruned.asked == 2)
        #expect(pruned.notes.first?.contains("pruned") == true)
    }

    @Test func `nothing is owed while the trigger was not there`() throws {
        let rule = try trigger()
        let records = [10, 20, 50, 60].map { record($0) }
        let away = audit(records, history([(0, 25), (45, nil)], last: 60), rule, from: 1)
        #expect(away.isProven && away.asked == 4 && away.notes.isEmpty)
        // Lost within the first time, not in the second.
        let lost = audit([20, 50, 60].map { record($0) }, history([(0, 25), (45, nil)], last: 60), rule, from: 1)
        #expect(lost.gaps.first.map(\.first) == [at(10)])
        // The process was down when it was removed: what it owed then is owed no more.
        let down = audit([10, 50, 60].map { record($0) }, history([(0, 35), (45, nil)], last: 60), rule, from: 1)
        #expect(down.isProven && down.notes.first?.contains("2 fire times") == true)
    }

    @Test func `a range goes on over a time in which the trigger was not there`() throws {
        let rule = try trigger()
        let range = record(10, until: 60, count: 4)
        let audit = audit([range], history([(0, 25), (45, nil)], last: 60), rule, from: 1)
        #expect(audit.isProven && audit.ended == [.missed: 4])
    }

    @Test func `a removed trigger owes nothing after its removal`() throws {
        let audit = try audit([10, 20].map { record($0) }, history([(0, 25)], last: 20), trigger())
        #expect(audit.isProven && audit.asked == 2 && audit.pending == nil)
    }

    @Test func `each record is judged by the rule by which it was written`() throws {
        let (old, new) = (try trigger(), try trigger("cron: '*/15 * * * *'"))
        var walk = AuditWalk(history([(0, nil)]), present: new, after: begin, through: at(60))
        for minutes in [10, 20] { _ = walk.take(record(minutes), by: old) }
        for minutes in [30, 45, 60] { _ = walk.take(record(minutes), by: new) }
        #expect(walk.audit.isProven && walk.audit.asked == 5)
    }
}

/// Audits of what a scheduler wrote.
@Suite(.timeLimit(.minutes(2))) struct FireAuditorTests {
    private let begin = Instant.at("2026-05-04T12:00:00Z")

    private func audits(_ process: SchedulerProcess, from: Instant? = nil) async throws -> [TriggerAudit] {
        let store = try #require(process.bench.store as? any Store & FireReading)
        let rules = RuleBook(process.bench.workspace(), loader: process.bench.loader, store: store)
        let now = process.clock.now()
        var auditor = FireAuditor(store, rules: rules, from: from ?? begin, to: now + .microseconds(1), now: now)
        var audits: [TriggerAudit] = []
        for history in try await store.triggerHistories(of: nil) { audits.append(try await auditor.audit(history)) }
        return audits
    }

    @Test func `downtime, edits, a removal and a return are all accounted for`() async throws {
        func text(_ cron: String) -> String {
            "trigger: { id: own, cron: '\(cron)', catch_up: none }\nactions: [{ log: hello }]\n"
        }
        let clock = ManualEngineClock(at: begin)
        let process = SchedulerProcess(try Workbench(["job.yml": text("*/10 * * * *")], clock: clock), clock: clock)
        try await process.start()
        await process.advance(by: .seconds(3_600))
        // Under an identity of its own an edit goes on from where the old rule stood.
        try process.bench.write("job.yml", text("*/7 * * * *"))
        try await process.reload()
        await process.advance(by: .seconds(3_600))
        try process.bench.remove("job.yml")
        try await process.reload()
        await process.advance(by: .seconds(3_600))
        try process.bench.write("job.yml", text("*/5 * * * *"))
        try await process.reload()
        await process.advance(by: .seconds(600))
        try await process.kill()
        clock.step(by: .seconds(40 * 86_400))
        let second = SchedulerProcess(process.bench, clock: clock)
        try await second.start()
        let audit = try #require(try await audits(second).first)
        #expect(audit.isProven, "\(audit)")
        // The range of those too old for a record each.
        #expect(audit.ended[.missed] == 40 * 288)
        #expect(audit.ended[.succeeded] == 6 + 9 + 2)
        #expect(audit.asked == 40 * 288 + 17)
    }

    @Test func `a lost record is found`() async throws {
        let clock = ManualEngineClock(at: begin)
        let files = ["job.yml": "trigger: { cron: '*/10 * * * *' }\nactions: [{ log: hello }]\n"]
        let process = SchedulerProcess(try Workbench(files, clock: clock), clock: clock)
        try await process.start()
        clock.step(by: .seconds(1_700))
        // Someone writes a record of a later fire without one for those before it.
        let workspace = process.bench.workspace()
        let recipe = try #require(workspace.recipes["job"])
        let fire = FireKey(
            recipe: "job",
            trigger: try #require(recipe.triggers.first).id,
            scheduledAt: begin + .seconds(1_200)
        )
        try await process.bench.store.record([RunRecord(fire: fire, status: .missed, version: recipe.version)])
        let audit = try #require(try await audits(process).first)
        #expect(audit.lost == 1 && audit.gaps.first.first?.first == begin + .seconds(600))
    }
}
