import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// What comes between a claim and its time.
@Suite(.timeLimit(.minutes(2))) struct AheadTests {
    private let begin = Instant.at("2026-05-04T12:00:00Z")

    private func process(
        _ recipe: String,
        length: @escaping @Sendable (RunOrder) -> Duration = { _ in .zero }
    ) throws -> SchedulerProcess {
        let clock = ManualEngineClock(at: begin)
        let bench = try Workbench(["job.yml": recipe + "\nactions: [{ log: hello }]\n"], clock: clock)
        return SchedulerProcess(bench, clock: clock, length: length)
    }

    private func records(_ process: SchedulerProcess) async throws -> [RunRecord] {
        try await process.bench.store.runs(RunQuery(limit: 100_000)).reversed()
    }

    private func isProven(_ process: SchedulerProcess) async throws -> Bool {
        let store = try #require(process.bench.store as? any Store & FireReading)
        let now = process.clock.now()
        let rules = RuleBook(process.bench.workspace(), loader: process.bench.loader, store: store)
        var auditor = FireAuditor(store, rules: rules, from: begin, to: now, now: now)
        for history in try await store.triggerHistories(of: nil) {
            if try await !auditor.audit(history).isProven { return false }
        }
        return true
    }

    /// Until the first fire of a minute is claimed, and not due.
    private func claimFirst(_ process: SchedulerProcess) async throws {
        try await process.start()
        await process.advance(by: .milliseconds(59_700))
        #expect(try await records(process).map(\.status) == [.running])
    }

    @Test func `a pause before its time is obeyed`() async throws {
        let process = try process("trigger: { cron: '* * * * *' }")
        try await claimFirst(process)
        _ = try await process.bench.store.pause("job", note: "not now", now: process.clock.now())
        await process.scheduler.lookAround()
        await process.advance(by: .seconds(130))
        #expect(process.performer.orders.isEmpty)
        let paused = try await records(process)
        #expect(paused.map(\.status) == [.paused] && paused[0].missedCount == 3)
        #expect(paused[0].reason == "paused: not now" && paused[0].startedAt == nil && paused[0].node == nil)
        _ = try await process.bench.store.unpause("job", now: process.clock.now())
        await process.scheduler.lookAround()
        await process.advance(by: .seconds(60))
        #expect(process.performer.fireTimes == [begin + .seconds(240)])
        #expect(try await isProven(process))
    }

    @Test func `a pause of another recipe changes nothing`() async throws {
        let process = try process("trigger: { cron: '* * * * *' }")
        try await claimFirst(process)
        _ = try await process.bench.store.pause("other", note: nil, now: process.clock.now())
        await process.scheduler.lookAround()
        await process.advance(by: .milliseconds(299))
        #expect(process.performer.orders.isEmpty)
        await process.advance(by: .milliseconds(1))
        #expect(process.performer.fireTimes == [begin + .seconds(60)])
    }

    @Test func `a recipe that is removed before its time does not run`() async throws {
        let process = try process("trigger: { cron: '* * * * *' }")
        try await claimFirst(process)
        try process.bench.remove("job.yml")
        try await process.reload()
        await process.advance(by: .seconds(60))
        #expect(process.performer.orders.isEmpty)
        #expect(try await records(process).isEmpty)
        // What comes back owes from then on.
        try process.bench.write("job.yml", "trigger: { cron: '* * * * *' }\nactions: [{ log: hello }]\n")
        try await process.reload()
        await process.advance(by: .seconds(60))
        #expect(process.performer.fireTimes == [begin + .seconds(120)])
        #expect(try await isProven(process))
    }

    @Test func `a recipe that comes back before its time runs on it`() async throws {
        let process = try process("trigger: { cron: '* * * * *' }")
        try await claimFirst(process)
        try process.bench.remove("job.yml")
        try await process.reload()
        try process.bench.write("job.yml", "trigger: { cron: '* * * * *' }\nactions: [{ log: hello }]\n")
        try await process.reload()
        await process.advance(by: .milliseconds(299))
        #expect(process.performer.orders.isEmpty)
        await process.advance(by: .milliseconds(1))
        #expect(process.performer.fireTimes == [begin + .seconds(60)])
        #expect(try await isProven(process))
    }

    @Test func `what a recipe is when its time comes is run`() async throws {
        let process = try process("trigger: { cron: '* * * * *' }")
        try await claimFirst(process)
        try process.bench.write("job.yml", "trigger: { cron: '* * * * *' }\nactions: [{ log: goodbye }]\n")
        try await process.reload()
        await process.advance(by: .milliseconds(300))
        let version = try #require(process.bench.workspace().recipes["job"]?.version)
        #expect(process.performer.orders.map(\.plan.recipe.version) == [version])
        let records = try await records(process)
        #expect(records.map(\.version) == [version] && records.map(\.status) == [.succeeded])
        #expect(try await isProven(process))
    }

    @Test func `a trigger that asks for another time does not fire at the old one`() async throws {
        let process = try process("trigger: { id: mine, cron: '* * * * *' }")
        try await claimFirst(process)
        try process.bench.write("job.yml", "trigger: { id: mine, cron: '*/3 * * * *' }\nactions: [{ log: hello }]\n")
        try await process.reload()
        await process.advance(by: .seconds(125))
        #expect(process.performer.fireTimes == [begin + .seconds(180)])
        #expect(try await isProven(process))
    }

    @Test(arguments: ["resume", "restart", "fail"])
    func `what a process claimed that was killed before its time begins on it in the next`(_ rule: String) async throws
    {
        let first = try process("on_interrupt: \(rule)\ntrigger: { cron: '* * * * *' }")
        try await claimFirst(first)
        try await first.kill()
        let second = SchedulerProcess(first.bench, clock: first.clock)
        try await second.start()
        await second.advance(by: .milliseconds(299))
        #expect(second.performer.orders.isEmpty)
        await second.advance(by: .milliseconds(1))
        #expect(second.performer.fireTimes == [begin + .seconds(60)])
        #expect(second.performer.orders.first?.terms.beginning == .resume)
        await second.advance(by: .seconds(60))
        #expect(try await records(second).map(\.status) == [.succeeded, .succeeded])
        #expect(try await isProven(second))
    }

    @Test func `what a process claimed that was killed begins late in one that comes later`() async throws {
        let first = try process("trigger: { cron: '* * * * *' }")
        try await claimFirst(first)
        try await first.kill()
        first.clock.step(by: .milliseconds(800))
        let second = SchedulerProcess(first.bench, clock: first.clock)
        try await second.start()
        #expect(second.performer.fireTimes == [begin + .seconds(60)])
        #expect(try await records(second).map(\.status) == [.succeeded])
    }

    @Test func `a run that ends shortly before the next fire lets it be claimed still before its time`() async throws {
        let process = try process("trigger: { cron: '* * * * *' }", length: { _ in .milliseconds(59_800) })
        try await process.start()
        await process.advance(by: .seconds(119))
        let due = process.clock.uptime() + .seconds(1)
        await process.advance(by: .milliseconds(999))
        #expect(
            process.performer.prepared.map { due - $0.uptime } == [
                .seconds(60) + .milliseconds(500), .milliseconds(50),
            ]
        )
        #expect(process.performer.orders.count == 1)
        await process.advance(by: .milliseconds(1))
        #expect(process.performer.fireTimes == [begin + .seconds(60), begin + .seconds(120)])
    }
}
