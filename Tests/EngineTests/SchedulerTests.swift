import Recipe
import Schedule
import Store
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(2))) struct SchedulerTests {
    private let begin = Instant.at("2026-05-04T12:00:00Z")

    private func process(
        _ trigger: String,
        more: [String: String] = [:],
        at begin: Instant? = nil,
        length: @escaping @Sendable (RunOrder) -> Duration = { _ in .zero }
    ) throws -> SchedulerProcess {
        let clock = ManualEngineClock(at: begin ?? self.begin)
        var files = ["job.yml": "trigger:\n  \(trigger)\nactions: [{ log: hello }]\n"]
        files.merge(more) { $1 }
        return SchedulerProcess(try Workbench(files, clock: clock), clock: clock, length: length)
    }

    private func records(_ process: SchedulerProcess) async throws -> [RunRecord] {
        try await process.bench.store.runs(RunQuery(limit: 100_000)).reversed()
    }

    @Test func `starts every fire at its time and not before`() async throws {
        let process = try process("cron: '*/10 * * * *'")
        try await process.start()
        await process.advance(by: .seconds(3600))
        #expect(process.performer.fireTimes == (1...6).map { begin + .seconds($0 * 600) })
        let records = try await records(process)
        #expect(records.allSatisfy { $0.status == .succeeded && $0.startedAt == $0.fire.scheduledAt })
        #expect(records.allSatisfy { $0.version != nil })
    }

    @Test func `claims a fire a moment before its time, and begins its run on it`() async throws {
        let process = try process("{ cron: '* * * * *', jitter: 5s }")
        let trigger = try #require(process.bench.workspace().recipes["job"]?.triggers.first)
        let time = begin + .seconds(60)
        let due = time + trigger.delay(of: time, recipe: "job")
        try await process.start()
        #expect(await process.scheduler.nextFire() == due)
        await process.advance(by: due - begin - .milliseconds(5))
        #expect(process.performer.orders.isEmpty)
        let claimed = try await records(process)
        #expect(
            claimed.map(\.status) == [.running] && claimed[0].startedAt == due && claimed[0].fire.scheduledAt == time
        )
        // Whoever sets the clock back does not move what is claimed.
        process.clock.step(by: .seconds(-3_600))
        await process.advance(by: .milliseconds(4))
        #expect(process.performer.orders.isEmpty)
        await process.advance(by: .milliseconds(1))
        #expect(process.performer.fireTimes == [time])
    }

    @Test func `gets ready what a run will wait for, a moment before its time`() async throws {
        let process = try process("cron: '* * * * *'")
        try await process.start()
        await process.advance(by: .seconds(59))
        #expect(process.performer.prepared.isEmpty)
        let due = process.clock.uptime() + .seconds(1)
        await process.advance(by: .milliseconds(999))
        #expect(process.performer.prepared.map(\.recipe) == ["job"])
        #expect(process.performer.prepared.first.map { due - $0.uptime } == .milliseconds(500))
        #expect(process.performer.orders.isEmpty)
    }

    @Test func `claims no fire before its time while a run is going that may end by then`() async throws {
        let process = try process("cron: '* * * * *'", length: { _ in .milliseconds(59_997) })
        try await process.start()
        await process.advance(by: .seconds(300))
        #expect(try await records(process).map(\.status) == [.succeeded, .succeeded, .succeeded, .succeeded, .running])
        #expect(process.performer.fireTimes == (1...5).map { begin + .seconds($0 * 60) })
    }

    @Test func `what is claimed begins although the process is told to stop`() async throws {
        let process = try process("cron: '* * * * *'")
        try await process.start()
        await process.advance(by: .milliseconds(59_995))
        let stopping = Task { await process.scheduler.stop(grace: .seconds(30)) }
        while !(await process.scheduler.isStopping) { await Task.yield() }
        #expect(process.performer.orders.isEmpty)
        await process.advance(by: .milliseconds(5))
        await stopping.value
        #expect(try await records(process).map(\.status) == [.succeeded])
    }

    @Test func `owes nothing from before it was first seen`() async throws {
        let process = try process("{ cron: '*/10 * * * *', catch_up: all }")
        try await process.start()
        #expect(process.performer.orders.isEmpty)
        #expect(try await records(process).isEmpty)
    }

    @Test func `skips a fire while the last run is going, and says which run`() async throws {
        let process = try process("cron: '* * * * *'", length: { _ in .seconds(90) })
        try await process.start()
        await process.advance(by: .seconds(300))
        let records = try await records(process)
        #expect(records.map(\.status) == [.succeeded, .skipped, .succeeded, .skipped, .running])
        #expect(records[1].reason == "overlap: run \(records[0].id) is still going")
    }

    @Test func `lets runs overlap when told so`() async throws {
        let process = try process("{ cron: '* * * * *', overlap: allow }", length: { _ in .seconds(90) })
        try await process.start()
        await process.advance(by: .seconds(180))
        #expect(process.performer.orders.count == 3)
    }

    @Test func `catches up the latest after a downtime`() async throws {
        let first = try process("cron: '*/10 * * * *'")
        try await first.start()
        await first.advance(by: .seconds(600))
        try await first.kill()
        first.clock.step(by: .seconds(3000))
        let second = SchedulerProcess(first.bench, clock: first.clock)
        try await second.start()
        #expect(second.performer.fireTimes == [begin + .seconds(3600)])
        let records = try await records(second)
        #expect(records.map(\.status) == [.succeeded, .missed, .missed, .missed, .missed, .succeeded])
        #expect(records[1].reason == "nobody served it in time, and a later one runs (catch_up: latest)")
    }

    @Test func `catches up all, one after another, and live fires wait behind them`() async throws {
        let first = try process(
            "{ cron: '*/10 * * * *', catch_up: all, catch_up_pace: 1s }",
            length: { _ in .seconds(30) }
        )
        try await first.start()
        try await first.kill()
        first.clock.step(by: .seconds(2395))
        let second = SchedulerProcess(first.bench, clock: first.clock, length: { _ in .seconds(30) })
        try await second.start()
        await second.advance(by: .seconds(600))
        #expect(second.performer.fireTimes == [600, 1200, 1800, 2400].map { begin + .seconds($0) })
        let records = try await records(second)
        let starts = records.compactMap(\.startedAt).map { $0 - begin }
        #expect(
            starts == [2395, 2425, 2455, 2455].map { .seconds($0) }
                || starts == [2395, 2425, 2455, 2485].map { .seconds($0) }
        )
    }

    @Test func `a suspended machine goes the way of a downtime`() async throws {
        let process = try process("{ cron: '* * * * *', catch_up: none }")
        try await process.start()
        process.clock.step(by: .seconds(3 * 60 + 30))
        await process.advance(by: .seconds(60))
        let records = try await records(process)
        #expect(records.map(\.status) == [.missed, .missed, .missed, .succeeded])
    }

    @Test func `a clock that is set back fires nothing twice`() async throws {
        let process = try process("cron: '* * * * *'")
        try await process.start()
        await process.advance(by: .seconds(120))
        process.clock.step(by: .seconds(-90))
        await process.advance(by: .seconds(180))
        let times = process.performer.fireTimes
        #expect(times == [60, 120, 180].map { begin + .seconds($0) })
    }

    @Test func `a clock that is set is seen at once, forward and back`() async throws {
        let process = try process("{ cron: '* * * * *', catch_up: all, catch_up_pace: 1s }")
        try await process.start()
        await process.advance(by: .seconds(60))
        process.clock.set(by: .seconds(180))
        try await process.observer.wait { if case .clockStepped = $0 { true } else { false } }
        await process.settle()
        // Nobody rang, and yet the first of what passed has begun.
        #expect(process.performer.fireTimes.prefix(2) == [begin + .seconds(60), begin + .seconds(120)])
        await process.advance(by: .seconds(10))
        process.clock.set(by: .seconds(-3_600))
        await process.settle()
        await process.advance(by: .seconds(3_600 + 50))
        // Those of the hour that came twice had no record before the clock went back, but for the last four.
        #expect(process.performer.fireTimes == (Array(1...4) + Array(-55...0) + [5]).map { begin + .seconds($0 * 60) })
    }

    @Test func `a clock that was ahead by years and is set back leaves no trigger silent, and fires nothing twice`()
        async throws
    {
        let process = try process(
            "[{ id: all, cron: '* * * * *', catch_up: all, catch_up_limit: 3 }, { id: late, cron: '*/2 * * * *', jitter: 10s }]"
        )
        try await process.start()
        await process.advance(by: .seconds(125))
        let years = Duration.seconds(10 * 365 * 86_400)
        process.clock.set(by: years)
        await process.settle()
        await process.advance(by: .seconds(90))
        process.clock.set(by: .zero - years)
        await process.settle()
        await process.advance(by: .seconds(600))
        try await proveMinutes(1...13, of: process)
    }

    @Test func `a process after one whose clock was ahead takes back what that recorded`() async throws {
        let first = try process("[{ id: all, cron: '* * * * *' }, { id: late, cron: '*/2 * * * *' }]")
        try await first.start()
        await first.advance(by: .seconds(125))
        let years = Duration.seconds(10 * 365 * 86_400)
        first.clock.set(by: years)
        await first.settle()
        try first.bench.write("new.yml", "trigger: { cron: '* * * * *' }\nactions: [{ log: hello }]\n")
        try await first.reload()
        await first.advance(by: .seconds(90))
        try await first.kill()
        first.clock.step(by: .zero - years)
        let second = SchedulerProcess(first.bench, clock: first.clock)
        try await second.start()
        await second.advance(by: .seconds(600))
        try await proveMinutes(1...13, of: second)
        let fires = try await records(second).filter { $0.fire.recipe == "new" && $0.fire.scheduledAt < begin + years }
        #expect(fires.map { ($0.fire.scheduledAt - begin) / 60 } == (4...13).map { .seconds($0) })
        #expect(fires.allSatisfy { $0.status == .succeeded })
    }

    /// Each of these minutes after the beginning has one record of the trigger `all`, those from the fifth on a run that began in time; and an audit finds nothing.
    private func proveMinutes(_ minutes: ClosedRange<Int>, of process: SchedulerProcess) async throws {
        let workspace = process.bench.workspace()
        let rule = try #require(workspace.recipes["job"]?.triggers.first { $0.id == "all" })
        let counts = try await process.bench.store.accounted(for: TriggerKey(recipe: "job", trigger: "all"), rule)
        let present = counts.filter { $0.key <= process.clock.now() }
        #expect(Set(present.keys) == Set(minutes.map { begin + .seconds($0 * 60) }))
        #expect(counts.values.allSatisfy { $0 == 1 })
        let live = try await records(process).filter { run in
            run.fire.trigger == "all" && (begin + .seconds(300)...process.clock.now()).contains(run.fire.scheduledAt)
        }
        #expect(live.count == minutes.count - 4)
        #expect(live.allSatisfy { $0.status != .missed && $0.cause == .schedule })
        let runs = process.performer.orders.map(\.run.fire)
        #expect(Set(runs).count == runs.count)
        let store = try #require(process.bench.store as? any Store & FireReading)
        let now = process.clock.now()
        let rules = RuleBook(workspace, loader: process.bench.loader, store: store)
        var auditor = FireAuditor(store, rules: rules, from: begin, to: now, now: now)
        for history in try await store.triggerHistories(of: nil) {
            let audit = try await auditor.audit(history)
            #expect(audit.isProven && audit.pending == nil)
        }
    }

    @Test func `a process that was held up counts what another has served meanwhile`() async throws {
        let first = try process("{ interval: 1s, align: clock }")
        let second = SchedulerProcess(first.bench, clock: ManualEngineClock(at: begin))
        try await first.start()
        try await second.start()
        // Its clock stands still: it is stopped, while the other one goes on and dies.
        await first.advance(by: .seconds(1_200))
        try await first.kill()
        second.clock.step(by: .seconds(4_800))
        await second.advance(by: .seconds(10))
        let trigger = try #require(first.bench.workspace().recipes["job"]?.triggers.first)
        let key = TriggerKey(recipe: "job", trigger: trigger.id)
        let counts = try await first.bench.store.accounted(for: key, trigger)
        #expect(Set(counts.keys) == Set((1...4_810).map { begin + .seconds($0) }))
        #expect(counts.values.allSatisfy { $0 == 1 })
        #expect(first.performer.orders.count == 1_200)
    }

    @Test func `a jitter longer than the time between two fires lets none be missed`() async throws {
        let process = try process("{ interval: 10s, align: clock, jitter: 5m, overlap: allow }")
        try await process.start()
        await process.advance(by: .seconds(3_600))
        let records = try await records(process)
        #expect(records.count > 300 && records.allSatisfy { $0.status == .succeeded && $0.cause == .schedule })
        let delays = records.compactMap { run in run.startedAt.map { $0 - run.fire.scheduledAt } }
        #expect(delays.allSatisfy { (.zero ... .seconds(300)).contains($0) } && Set(delays).count > 10)
    }

    @Test func `delays by a stable jitter and keeps the fire time`() async throws {
        let process = try process("{ cron: '0 * * * *', jitter: 10m }")
        try await process.start()
        await process.advance(by: .seconds(4 * 3600))
        let records = try await records(process)
        #expect(records.map(\.fire.scheduledAt) == (1...3).map { begin + .seconds($0 * 3600) } || records.count == 4)
        let delays = records.compactMap { record in record.startedAt.map { $0 - record.fire.scheduledAt } }
        #expect(delays.allSatisfy { $0 >= .zero && $0 < .seconds(600) })
        #expect(Set(delays).count > 1)
        #expect(process.performer.orders.map(\.terms.jitter) == delays)
    }

    @Test func `does not start later than its start deadline`() async throws {
        let process = try process("{ cron: '0 * * * *', start_deadline: 2s }")
        try await process.start()
        process.clock.step(by: .seconds(3603))
        await process.advance(by: .seconds(1))
        let records = try await records(process)
        #expect(records.map(\.status) == [.missed])
        #expect(records.first?.reason == "too late: not started within its start_deadline of 2s")
    }

    @Test func `a fire that waits longer than its start deadline is missed`() async throws {
        let slow = "trigger: { cron: '0 * * * *' }\nactions: [{ log: hello }]\n"
        let process = try process(
            "{ cron: '10 0 13 * * *', start_deadline: 30s }",
            more: ["runner.yml": "max_concurrent_runs: 1\n", "slow.yml": slow],
            length: { _ in .seconds(60) }
        )
        try await process.start()
        await process.advance(by: .seconds(3600 + 90))
        let records = try await records(process)
        #expect(records.map(\.fire.recipe) == ["slow", "job"])
        #expect(records.map(\.status) == [.succeeded, .missed])
        #expect(records[1].reason == "too late: not started within its start_deadline of 30s")
        #expect(records[1].startedAt == nil)
    }

    @Test func `what is disabled has no fires, and owes none for that time`() async throws {
        let off = "enabled: false\ntrigger: { cron: '*/10 * * * *', catch_up: all }\nactions: [{ log: hello }]\n"
        let process = try process(
            "[{ cron: '*/10 * * * *', enabled: false, run_on_start: true }, { cron: '5 * * * *' }]",
            more: ["off.yml": off]
        )
        try await process.start()
        await process.advance(by: .seconds(3600))
        #expect(process.performer.fireTimes == [begin + .seconds(300)])
        try process.bench.write("off.yml", off.replacing("enabled: false", with: "enabled: true"))
        try await process.reload()
        await process.advance(by: .seconds(600))
        #expect(process.performer.fireTimes.dropFirst() == [begin + .seconds(3900), begin + .seconds(4200)])
    }

    @Test func `fires within start and end, and no others`() async throws {
        let process = try process(
            "{ cron: '*/10 * * * *', start: 2026-05-04T12:20:00Z, end: 2026-05-04T12:50:00Z, catch_up: all }"
        )
        try await process.start()
        await process.advance(by: .seconds(7200))
        #expect(process.performer.fireTimes == [1200, 1800, 2400].map { begin + .seconds($0) })
    }

    @Test func `several triggers are each their own, and at the same instant overlap decides`() async throws {
        let process = try process(
            "[{ id: one, cron: '0 * * * *' }, { id: two, cron: '*/30 * * * *' }]",
            length: { _ in .seconds(5) }
        )
        try await process.start()
        await process.advance(by: .seconds(3700))
        let records = try await records(process)
        #expect(records.map(\.fire.scheduledAt) == [1800, 3600, 3600].map { begin + .seconds($0) })
        #expect(Set(records.dropFirst().map(\.fire.trigger)) == ["one", "two"])
        #expect(records.map(\.status).filter { $0 == .skipped }.count == 1)
    }

    @Test func `jitter is none of a caught up fire's`() async throws {
        let first = try process("{ cron: '0 * * * *', jitter: 30m }")
        try await first.start()
        try await first.kill()
        first.clock.step(by: .seconds(5_400))
        let second = SchedulerProcess(first.bench, clock: first.clock)
        try await second.start()
        let order = try #require(second.performer.orders.first)
        #expect(order.terms.jitter == .zero && order.run.cause == .catchUp)
        #expect(order.run.startedAt == begin + .seconds(5_400))
    }

    @Test func `runs once on start beside its schedule`() async throws {
        let process = try process("{ cron: '0 * * * *', run_on_start: true }")
        try await process.start()
        #expect(process.performer.fireTimes == [begin])
        try await process.reload()
        #expect(process.performer.orders.count == 1)
        await process.advance(by: .seconds(3600))
        #expect(process.performer.fireTimes == [begin, begin + .seconds(3600)])
    }

    @Test func `queues runs beyond the limit and starts them in order`() async throws {
        var files = ["runner.yml": "max_concurrent_runs: 2\n"]
        for name in ["a", "b", "c", "d"] {
            files["\(name).yml"] = "trigger: { cron: '0 * * * *' }\nactions: [{ log: hello }]\n"
        }
        let process = try process("cron: '0 0 1 1 *'", more: files, length: { _ in .seconds(10) })
        try await process.start()
        await process.advance(by: .seconds(3605))
        #expect(try await records(process).map(\.status).filter { $0 == .queued }.count == 2)
        #expect(process.performer.orders.count == 2)
        await process.advance(by: .seconds(30))
        let records = try await records(process)
        #expect(records.allSatisfy { $0.status == .succeeded && $0.startedAt != nil })
        #expect(process.performer.orders.count == 4)
    }

    @Test func `new, changed and removed recipes take effect on reload`() async throws {
        let process = try process("cron: '*/10 * * * *'")
        try await process.start()
        await process.advance(by: .seconds(600))
        try process.bench.write("job.yml", "trigger: { cron: '5 * * * *' }\nactions: [{ log: hello }]\n")
        try process.bench.write("other.yml", "trigger: { cron: '30 * * * *' }\nactions: [{ log: hello }]\n")
        try await process.reload()
        await process.advance(by: .seconds(3600))
        try process.bench.remove("other.yml")
        try await process.reload()
        await process.advance(by: .seconds(3600))
        let fires = process.performer.orders.map { "\($0.run.fire.recipe) \(($0.run.fire.scheduledAt - begin) / 60)" }
        #expect(
            fires == [
                "job \(Duration.seconds(10))", "other \(Duration.seconds(30))", "job \(Duration.seconds(65))",
                "job \(Duration.seconds(125))",
            ]
        )
    }

    @Test func `an hour lost to daylight saving is no lost fire`() async throws {
        let before = Instant.at("2026-03-28T23:00:00Z")
        let process = try process("{ cron: '30 2 * * *', timezone: Europe/Paris }", at: before)
        try await process.start()
        await process.advance(by: .seconds(30 * 3600))
        #expect(process.performer.fireTimes == [.at("2026-03-29T01:00:00Z"), .at("2026-03-30T00:30:00Z")])
    }

    // MARK: Pauses

    @Test func `fires in a pause are recorded with its note, and not caught up`() async throws {
        let process = try process("{ cron: '* * * * *', catch_up: all }")
        let store = process.bench.store
        try await process.start()
        await process.advance(by: .seconds(60))
        _ = try await store.pause("job", note: "upgrade", now: process.clock.now())
        await process.advance(by: .seconds(300))
        // Asleep in the pause and beyond its end.
        process.clock.step(by: .seconds(300))
        _ = try await store.unpause("job", now: process.clock.now() - .seconds(90))
        await process.advance(by: .seconds(90))
        let records = try await records(process)
        #expect(records.map(\.status) == [.succeeded, .paused, .succeeded, .succeeded, .succeeded])
        #expect(records[1].reason == "paused: upgrade")
        // Of eleven minutes, one before the pause and one after it.
        #expect(records[1].fire.scheduledAt == begin + .seconds(120))
        #expect(records[1].missedUntil == begin + .seconds(540) && records[1].missedCount == 8)
        let told = process.observer.events.compactMap { if case .unserved(let run) = $0 { run.status } else { nil } }
        #expect(Set(told) == [.paused])
    }

    @Test func `what waits for its turn is paused at once`() async throws {
        let process = try process(
            "{ cron: '* * * * *', overlap: queue, end: 2026-05-04T12:04:00Z }",
            length: { _ in .seconds(600) }
        )
        try await process.start()
        await process.advance(by: .seconds(200))
        _ = try await process.bench.store.pause("job", note: nil, now: process.clock.now())
        await process.scheduler.lookAround()
        await process.settle()
        #expect(try await records(process).map(\.status) == [.running, .paused, .paused])
        await process.advance(by: .seconds(600))
        #expect(try await records(process).map(\.status) == [.succeeded, .paused, .paused])
    }

    // MARK: Recovery and the end

    @Test func `resumes what a dead process left, with the text that it began with`() async throws {
        let first = try process("cron: '0 * * * *'", length: { _ in .seconds(600) })
        try await first.start()
        await first.advance(by: .seconds(3601))
        try await first.kill()
        try first.bench.write("job.yml", "trigger: { cron: '0 * * * *' }\nactions: [{ log: changed }]\n")
        let second = SchedulerProcess(first.bench, clock: first.clock)
        try await second.start()
        let order = try #require(second.performer.orders.first)
        #expect(order.terms.beginning == .resume)
        #expect(order.run.attempt == 2)
        #expect(order.run.id == first.performer.orders.first?.run.id)
        #expect(order.plan.recipe.version == first.performer.orders.first?.plan.recipe.version)
        #expect(try await records(second).map(\.status) == [.succeeded])
    }

    @Test(arguments: [
        ("restart", RunOrder.Beginning.restart),
        ("fail", .fail(reason: "its process ended before it was done (on_interrupt: fail)")),
    ])
    func `an interrupted run does what its recipe says`(policy: String, beginning: RunOrder.Beginning) async throws {
        let text = "on_interrupt: \(policy)\ntrigger: { cron: '0 * * * *' }\nactions: [{ log: hello }]\n"
        let first = try process("cron: '0 0 1 1 *'", more: ["it.yml": text], length: { _ in .seconds(600) })
        try await first.start()
        await first.advance(by: .seconds(3601))
        try await first.kill()
        let second = SchedulerProcess(first.bench, clock: first.clock)
        try await second.start()
        #expect(second.performer.orders.map(\.terms.beginning) == [beginning])
    }

    @Test func `closes an interrupted run whose recipe is gone`() async throws {
        let first = try process("cron: '0 * * * *'", length: { _ in .seconds(600) })
        try await first.start()
        await first.advance(by: .seconds(3601))
        try await first.kill()
        try first.bench.remove("job.yml")
        let second = SchedulerProcess(first.bench, clock: first.clock)
        try await second.start()
        let records = try await records(second)
        #expect(records.map(\.status) == [.interrupted])
        #expect(records.first?.reason?.contains("the recipe is not there any more") == true)
        #expect(second.performer.orders.isEmpty)
    }

    @Test(arguments: ["actionz: []\n", "actions: [\n"])
    func `an interrupted run goes on with the text that it began with although the file is broken`(
        text: String
    ) async throws {
        let first = try process("cron: '0 * * * *'", length: { _ in .seconds(600) })
        try await first.start()
        await first.advance(by: .seconds(3601))
        try await first.kill()
        try first.bench.write("job.yml", text)
        let second = SchedulerProcess(first.bench, clock: first.clock, workspace: first.bench.loader.load())
        try await second.start()
        await second.advance(by: .seconds(600))
        #expect(second.performer.orders.map(\.terms.beginning) == [.resume])
        #expect(second.performer.orders.first?.plan.recipe.version == first.performer.orders.first?.run.version)
        #expect(try await records(second).map(\.status) == [.succeeded])
    }

    @Test func `what a broken file's triggers owe is served when it is mended`() async throws {
        let text = "trigger: { cron: '*/10 * * * *' }\nactions: [{ log: hello }]\n"
        let first = try process("cron: '0 0 1 1 *'", more: ["it.yml": text])
        try await first.start()
        await first.advance(by: .seconds(601))
        try await first.kill()
        first.clock.step(by: .seconds(600))
        try first.bench.write("it.yml", "actionz: []\n")
        let second = SchedulerProcess(first.bench, clock: first.clock, workspace: first.bench.loader.load())
        try await second.start()
        await second.advance(by: .seconds(1_200))
        #expect(second.performer.orders.isEmpty)
        try second.bench.write("it.yml", text + "description: mended\n")
        try await second.reload()
        await second.advance(by: .seconds(600))
        let records = try await records(second)
        #expect(records.map(\.fire.scheduledAt) == (1...5).map { begin + .seconds($0 * 600) })
        #expect(records.map(\.status) == [.succeeded, .missed, .missed, .succeeded, .succeeded])
    }

    @Test func `closes an ad-hoc run that a dead process left`() async throws {
        let process = try process("cron: '0 * * * *'")
        let run = RunRecord(
            fire: FireKey(recipe: "job", trigger: TriggerName.once, scheduledAt: begin),
            status: .running,
            node: NodeID("dead")
        )
        _ = try await process.bench.store.claim([ClaimRequest(run: run, overlap: .allow)])
        try await process.start()
        #expect(try await records(process).map(\.status) == [.interrupted])
        #expect(process.performer.orders.isEmpty)
    }

    @Test func `waits for what runs when it stops`() async throws {
        let process = try process("cron: '0 * * * *'", length: { _ in .seconds(10) })
        try await process.start()
        await process.advance(by: .seconds(3600))
        async let stopped: Void = process.scheduler.stop(grace: .seconds(30))
        while !(await process.scheduler.isStopping) { await Task.yield() }
        await process.advance(by: .seconds(11))
        await stopped
        #expect(try await records(process).map(\.status) == [.succeeded])
    }

    @Test func `interrupts what is not done within the grace, and the next process resumes it`() async throws {
        let process = try process("cron: '0 * * * *'", length: { _ in .seconds(1_000) })
        try await process.start()
        await process.advance(by: .seconds(3600))
        async let stopped: Void = process.scheduler.stop(grace: .seconds(5))
        while !(await process.scheduler.isStopping) { await Task.yield() }
        await process.advance(by: .seconds(7))
        await stopped
        let interrupted = try await records(process)
        #expect(interrupted.map(\.status) == [.interrupted])
        let second = SchedulerProcess(process.bench, clock: process.clock)
        try await second.start()
        #expect(second.performer.orders.map(\.run.id) == interrupted.map(\.id))
        #expect(try await records(second).map(\.status) == [.succeeded])
    }
}
