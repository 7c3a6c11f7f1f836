import CEL
import Connections
import Recipe
import Sandbox
import Schedule
import Store
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// Who is told of what, and how often.
@Suite(.timeLimit(.minutes(2))) struct AlarmTests {
    private let begin = Instant.at("2026-05-04T12:00:00Z")
    private let settings = "on_alert:\n  - log: ${{ alert.kind }} ${{ alert.message }}\n"

    private func bench(_ recipe: String, settings: String? = nil) throws -> Workbench {
        let files = ["runner.yml": settings ?? self.settings, "job.yml": recipe + "actions: [{ log: hello }]\n"]
        return try Workbench(files, clock: ManualEngineClock(at: begin))
    }

    private func process(
        _ bench: Workbench,
        outcome: @escaping @Sendable (RunOrder) -> (status: RunStatus, lateness: Duration?)
    ) throws -> SchedulerProcess {
        SchedulerProcess(bench, clock: try #require(bench.clock as? ManualEngineClock), outcome: outcome)
    }

    /// What `on_alert` was run with: `kind after count @minute`.
    private func told(_ processes: SchedulerProcess...) -> [String] {
        processes.flatMap(\.performer.orders).filter { $0.run.fire.recipe == Recipe.alertName }.map { order in
            let (kind, after, count) = (order.inputs["kind"], order.inputs["after"], order.inputs["count"])
            let minute = (order.run.fire.scheduledAt - begin) / .seconds(60)
            return "\(kind?.text ?? "") \(after?.text ?? "") \(count?.text ?? "") @\(Int(minute))"
        }
    }

    @Test func `a streak of failures is told once, and so is its end, also after a restart`() async throws {
        let bench = try bench("trigger: { cron: '* * * * *' }\nalert_after: 3\n")
        let from = begin
        let outcome: @Sendable (RunOrder) -> (status: RunStatus, lateness: Duration?) = { order in
            let minute = Int((order.run.fire.scheduledAt - from) / .seconds(60))
            return ((3...9).contains(minute) && order.run.cause != .alarm ? .failed : .succeeded, nil)
        }
        let first = try process(bench, outcome: outcome)
        try await first.start()
        await first.advance(by: .seconds(4 * 60))
        #expect(told(first) == [])
        await first.advance(by: .seconds(150))
        #expect(told(first) == ["failures  3 @5"])
        let order = try #require(first.performer.orders.first { $0.run.cause == .alarm })
        #expect(order.inputs["recipe"] == "job" && order.inputs["connection"] == .null)
        #expect(order.inputs["message"] == "3 runs in a row failed; the last: it broke")
        #expect(order.inputs["since"] == .string((begin + .seconds(180)).rfc3339()))
        try await first.kill()
        let second = try process(bench, outcome: outcome)
        try await second.start()
        await second.advance(by: .seconds(300))
        #expect(told(second) == ["recovered failures 3 @10"])
        #expect(try await bench.store.alarms() == [])
        let runs = try await bench.store.runs(RunQuery(recipe: Recipe.alertName))
        #expect(runs.map(\.status) == [.succeeded, .succeeded] && runs.allSatisfy { $0.cause == .alarm })
    }

    @Test func `no success for too long is told once, a pause is no silence`() async throws {
        let bench = try bench("trigger: { cron: '*/10 * * * *' }\nexpect: { success_every: 25m }\nalert_after: 100\n")
        let isWell = Mutex(true)
        let process = try process(bench) { order in
            (order.run.cause == .alarm || isWell.withLock { $0 } ? .succeeded : .failed, nil)
        }
        try await process.start()
        await process.advance(by: .seconds(10 * 60 + 1))
        isWell.withLock { $0 = false }
        await process.advance(by: .seconds(24 * 60))
        #expect(told(process) == [])
        await process.advance(by: .seconds(60 * 60))
        #expect(told(process) == ["no_success   @35"])
        isWell.withLock { $0 = true }
        await process.advance(by: .seconds(10 * 60))
        #expect(told(process) == ["no_success   @35", "recovered no_success  @100"])
        _ = try await bench.store.pause("job", note: nil, now: process.clock.now())
        await process.advance(by: .seconds(90 * 60))
        #expect(told(process).count == 2)
        isWell.withLock { $0 = false }
        _ = try await bench.store.unpause("job", now: process.clock.now())
        await process.scheduler.lookAround()
        await process.settle()
        await process.advance(by: .seconds(24 * 60))
        #expect(told(process).count == 2)
        await process.advance(by: .seconds(2 * 60))
        #expect(told(process).count == 3)
    }

    @Test func `lateness is told of live fires`() async throws {
        let bench = try bench("trigger: { cron: '* * * * *' }\nexpect: { max_lateness: 10s }\n")
        let from = begin
        let process = try process(bench) { order in
            let minute = Int((order.run.fire.scheduledAt - from) / .seconds(60))
            return (.succeeded, (2...4).contains(minute) ? .seconds(11) : .seconds(9))
        }
        try await process.start()
        await process.advance(by: .seconds(360))
        #expect(told(process) == ["lateness   @2", "recovered lateness  @5"])
    }

    @Test func `a connection that needs a person is told once, until it is well`() async throws {
        let bench = try bench("trigger: { cron: '* * * * *' }\nalert_after: 100\n")
        let isWell = Mutex(false)
        try bench.write("connections/crm.yml", "connector: none\nbase_uri: http://127.0.0.1:9\n")
        let process = try process(bench) { order in
            (order.run.cause == .alarm || isWell.withLock { $0 } ? .succeeded : .failed, nil)
        }
        func set(_ state: TokenState, _ generation: Int64) async throws {
            let renewal = RenewalRecord(
                connection: "crm",
                identity: "id",
                at: begin,
                reason: .manual,
                kind: .acquire,
                duration: .zero,
                outcome: .renewed(generation: generation + 1),
                node: process.node
            )
            let token = TokenRecord(
                identity: "id",
                connection: "crm",
                generation: generation + 1,
                bag: ["access_token": "x"],
                acquiredAt: begin,
                state: state
            )
            _ = try await bench.store.leaseRenewal(
                of: "id",
                holder: process.node,
                now: begin,
                until: begin + .seconds(60)
            )
            _ = try await bench.store.commitRenewal(token, expected: generation, renewal, holder: process.node)
        }
        try await set(.needsAttention(message: "invalid_grant"), 0)
        try await process.start()
        await process.advance(by: .seconds(150))
        #expect(told(process) == ["needs_attention   @1"])
        let order = try #require(process.performer.orders.first { $0.run.cause == .alarm })
        #expect(order.inputs["connection"] == "crm" && order.inputs["recipe"] == .null)
        #expect(order.inputs["message"] == "the connection crm needs attention: invalid_grant")
        try await set(.valid, 1)
        isWell.withLock { $0 = true }
        await process.advance(by: .seconds(60))
        #expect(told(process) == ["needs_attention   @1", "recovered needs_attention  @3"])
    }

    @Test(arguments: [
        ("removed", "over, because the recipe was removed: a run failed; the last: it broke"),
        ("enabled: false\n", "over, because the recipe was disabled: a run failed; the last: it broke"),
    ])
    func `an alarm ends with what it is about`(change: String, message: String) async throws {
        let recipe = "trigger: { cron: '* * * * *' }\nalert_after: 1\n"
        let bench = try bench(recipe)
        let process = try process(bench) { order in (order.run.cause == .alarm ? .succeeded : .failed, nil) }
        try await process.start()
        await process.advance(by: .seconds(90))
        #expect(told(process) == ["failures  1 @1"])
        // Another recipe that is new or gone changes nothing.
        try bench.write("other.yml", recipe + "enabled: false\nactions: [{ log: hello }]\n")
        try await process.reload()
        #expect(told(process) == ["failures  1 @1"])
        if change == "removed" {
            try bench.remove("job.yml")
        } else {
            try bench.write("job.yml", recipe + change + "actions: [{ log: hello }]\n")
        }
        try await process.reload()
        #expect(told(process) == ["failures  1 @1", "recovered failures 1 @1"])
        #expect(process.performer.orders.last?.inputs["message"] == .string(message))
        #expect(try await bench.store.alarms() == [])
        try await process.reload()
        #expect(told(process).count == 2)
    }

    @Test func `an alarm of what is no longer expected ends, also one that was raised before the process came`()
        async throws
    {
        let bench = try bench("trigger: { cron: '* * * * *' }\n")
        let late = AlarmRecord(key: AlarmKey(.lateness, of: "job"), since: begin, message: "late")
        let silent = AlarmRecord(key: AlarmKey(.noSuccess, of: "job"), since: begin, message: "silent")
        let ill = AlarmRecord(key: AlarmKey(.needsAttention, of: "crm"), since: begin, message: "ill")
        let inline = AlarmRecord(key: AlarmKey(.needsAttention, of: "inline-1"), since: begin, message: "ill")
        for alarm in [late, silent, ill, inline] { #expect(try await bench.store.raise(alarm, nil)) }
        let process = try process(bench) { _ in (.succeeded, nil) }
        try await process.start()
        #expect(try await bench.store.alarms() == [inline])
        let reasons = process.observer.events.compactMap { event -> String? in
            if case .alarmCleared(let alarm, let reason) = event { "\(alarm.message): \(reason ?? "")" } else { nil }
        }
        #expect(
            Set(reasons) == [
                "late: it may be late now", "silent: no success is expected any more",
                "ill: the connection was removed",
            ]
        )
    }

    @Test func `an alarm stays while a file is wrong`() async throws {
        let bench = try bench("trigger: { cron: '* * * * *' }\n")
        let alarm = AlarmRecord(key: AlarmKey(.failures, of: "other"), since: begin, message: "broken")
        #expect(try await bench.store.raise(alarm, nil))
        try bench.write("other.yml", "trigger: { cron: 'x' }\n")
        let scheduler = SchedulerProcess(bench, clock: ManualEngineClock(at: begin), workspace: bench.loader.load())
        try await scheduler.start()
        #expect(try await bench.store.alarms() == [alarm])
    }

    @Test func `what alarms do raises none, and without on_alert they are still seen`() async throws {
        let failing = try bench("trigger: { cron: '* * * * *' }\nalert_after: 1\n")
        let first = try process(failing) { _ in (.failed, nil) }
        try await first.start()
        await first.advance(by: .seconds(300))
        #expect(told(first) == ["failures  1 @1"])

        let silent = try bench("trigger: { cron: '* * * * *' }\nalert_after: 1\n", settings: "{}\n")
        let second = try process(silent) { _ in (.failed, nil) }
        try await second.start()
        await second.advance(by: .seconds(300))
        let raised = second.observer.events.compactMap { if case .alarmRaised(let alarm) = $0 { alarm } else { nil } }
        #expect(raised.map(\.key) == [AlarmKey(.failures, of: "job")])
    }

    @Test func `the actions see the alarm`() async throws {
        let bench = try Workbench([
            "runner.yml": settings,
            "job.yml": "trigger: { interval: 50ms }\nalert_after: 2\nactions: [{ fail: broken }]\n",
        ])
        let engine = bench.engine()
        let running = Task { () -> StoreError? in
            do throws(StoreError) {
                try await engine.run()
                return nil
            } catch {
                return error
            }
        }
        try await bench.observer.wait { event in
            if case .log(_, Recipe.alertName, _, let message) = event {
                message.hasPrefix("failures 2 runs in a row failed")
            } else {
                false
            }
        }
        running.cancel()
        #expect(await running.value == nil)
    }

    @Test func `a heartbeat is called after a success, and its failure is only told`() async throws {
        try await withAPI { bench, sandbox in
            let base = try #require(bench.workspace().connections["api"]?.baseURI?.constant)
            try bench.write(
                "job.yml",
                """
                trigger: { interval: 1d, run_on_start: true }
                heartbeat: \(base)/echo?name=${{ recipe.name }}
                actions: [{ log: hello }]
                """
            )
            try bench.write(
                "broken.yml",
                """
                trigger: { interval: 1d, run_on_start: true }
                heartbeat: \(base)/status/500
                actions: [{ log: hello }]
                """
            )
            let engine = bench.engine()
            let running = Task { () -> StoreError? in
                do throws(StoreError) {
                    try await engine.run()
                    return nil
                } catch {
                    return error
                }
            }
            try await bench.observer.wait { if case .heartbeatFailed(_, "broken", _) = $0 { true } else { false } }
            running.cancel()
            #expect(await running.value == nil)
            let failed = bench.observer.events.compactMap { event in
                if case .heartbeatFailed(_, let recipe, _) = event { recipe } else { nil }
            }
            #expect(failed == ["broken"])
            #expect(sandbox.statistics().routes["GET /echo"] == 1)
            let runs = try await bench.store.runs(RunQuery())
            #expect(runs.map(\.status) == [.succeeded, .succeeded])
        }
    }
}
