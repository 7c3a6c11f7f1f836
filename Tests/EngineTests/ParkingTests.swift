import CEL
import Connections
import Recipe
import Schedule
import Store
import TestSupport
import Testing

@testable import Engine

/// Runs that wait for long leave memory, and go on when it is time, whichever process is there then.
@Suite(.timeLimit(.minutes(2))) struct ParkingTests {
    private let begin = Instant.at("2026-05-04T12:00:00Z")

    private func bench(_ recipe: String, _ settings: String = "") throws -> Workbench {
        try Workbench(["runner.yml": settings, "job.yml": recipe], clock: ManualEngineClock(at: begin))
    }

    private func records(_ bench: Workbench) async throws -> [RunRecord] {
        try await bench.store.runs(RunQuery(limit: 1_000)).reversed()
    }

    private let hourly = "trigger: { cron: '0 * * * *', end: 2026-05-04T13:30:00Z }\n"

    @Test func `a long wait leaves memory, and goes on when it is time`() async throws {
        let bench = try bench(hourly + "actions: [{ log: before }, { wait: 1h }, { log: after }]\n")
        let process = try ExecutingProcess(bench)
        try await process.start()
        await process.advance(by: .seconds(3_601))
        let parked = try #require(try await records(bench).first)
        #expect(parked.status == .running)
        #expect(parked.reason == "waiting until 2026-05-04T14:00:00Z")
        #expect(await process.scheduler.running.isEmpty)
        #expect(process.clock.sleeperCount == 0)
        #expect(bench.observer.lines == ["before"])
        await process.advance(by: .seconds(3_597))
        #expect(bench.observer.lines == ["before"])
        await process.advance(by: .seconds(10))
        #expect(bench.observer.lines == ["before", "after"])
        let run = try #require(try await records(bench).first)
        #expect(run.status == .succeeded && run.reason == nil && run.attempt == 1)
        #expect(run.startedAt == begin + .seconds(3_600))
        #expect(run.lateness == .zero)
        #expect(try await bench.detail(run.id).actions.map(\.status) == [.succeeded, .succeeded, .succeeded])
    }

    @Test func `a wait among the actions of a page leaves memory, and no page is asked for again`() async throws {
        try await ScriptedServer.run { request in
            .json(request.query == "page=2" ? #"{"data": [3], "next": null}"# : #"{"data": [1, 2], "next": 2}"#)
        } _: { server in
            let bench = try bench(
                """
                \(hourly)actions:
                  - get: \(server.baseURL)/list
                    paginate:
                      items: response.body.data
                      cursor: response.body.next
                      param: page
                      do: [{ wait: 1h }, { log: "${{ page.number }}: ${{ page.items }}" }]
                """
            )
            let process = try ExecutingProcess(bench)
            try await process.start()
            await process.advance(by: .seconds(3_601))
            #expect(try await records(bench).first?.reason == "waiting until 2026-05-04T14:00:00Z")
            await process.advance(by: .seconds(3_610))
            #expect(bench.observer.lines == ["1: [1,2]"])
            await process.advance(by: .seconds(3_610))
            #expect(bench.observer.lines == ["1: [1,2]", "2: [3]"])
            #expect(try await records(bench).first?.status == .succeeded)
            #expect(server.requests.map(\.query) == ["", "page=2"])
            await bench.transport.shutdown()
        }
    }

    @Test func `it goes on after a kill: late at once, or on time`() async throws {
        for late in [false, true] {
            let bench = try bench(hourly + "actions: [{ log: before }, { wait: 1h }, { log: after }]\n")
            let first = try ExecutingProcess(bench)
            try await first.start()
            await first.advance(by: .seconds(4_000))
            try await first.kill()
            if late { first.clock.step(by: .seconds(9_000)) }
            let second = try ExecutingProcess(bench)
            try await second.start()
            #expect(bench.observer.lines == (late ? ["before", "after"] : ["before"]))
            await second.advance(by: .seconds(3_300))
            #expect(bench.observer.lines == ["before", "after"])
            #expect(try await records(bench).map(\.status) == [.succeeded])
        }
    }

    @Test func `the run's timeout does not count the time that it is parked, and counts the rest`() async throws {
        let recipe = "timeout: 7s\nactions: [{ wait: 4s }, { wait: 1h }, { wait: 2s }, { log: there }, { wait: 4s }]\n"
        let bench = try bench(hourly + recipe)
        let process = try ExecutingProcess(bench)
        try await process.start()
        await process.advance(by: .seconds(7_300))
        #expect(bench.observer.lines == ["there"])
        #expect(try await records(bench).map(\.status) == [.timedOut])
    }

    @Test func `a parked run holds its slot of the recipe, and no slot of the process`() async throws {
        let bench = try bench(
            "trigger: { cron: '* * * * *', end: 2026-05-04T12:04:30Z }\nactions: [{ wait: 150s }]\n",
            "max_concurrent_runs: 1\n"
        )
        try bench.write("other.yml", "trigger: { cron: '2 12 4 5 *' }\nactions: [{ log: other }]\n")
        let process = try ExecutingProcess(bench)
        try await process.start()
        await process.advance(by: .seconds(900))
        let records = try await records(bench).filter { $0.fire.recipe == "job" }
        #expect(records.map(\.status) == [.succeeded, .skipped, .skipped, .succeeded])
        #expect(bench.observer.lines == ["other"])
    }

    @Test func `what is caught up waits for the end of a parked run`() async throws {
        let bench = try bench(
            "trigger: { cron: '* * * * *', catch_up: all, end: 2026-05-04T12:04:30Z }\nactions: [{ wait: 30s }]\n"
        )
        let first = try ExecutingProcess(bench)
        try await first.start()
        try await first.kill()
        first.clock.step(by: .seconds(600))
        let second = try ExecutingProcess(bench)
        try await second.start()
        await second.advance(by: .seconds(300))
        #expect(try await records(bench).map(\.status) == Array(repeating: .succeeded, count: 4))
    }

    @Test func `a parked run is cancelled at once, and its finally knows what was done`() async throws {
        let recipe = """
            actions: [{ id: a, log: before, output: "${{ 'it' }}" }, { wait: 1d }, { log: never }]
            finally: [{ log: "after ${{ actions.a }}" }]

            """
        let bench = try bench(hourly + recipe)
        let process = try ExecutingProcess(bench)
        try await process.start()
        await process.advance(by: .seconds(3_700))
        let run = try #require(try await records(bench).first)
        let outcome = try await bench.store.cancel(run.id, reason: "cancelled: enough", now: bench.clock.now()) { _ in
            true
        }
        #expect(outcome.map { if case .parked = $0 { true } else { false } } == true)
        await process.scheduler.lookAround()
        await process.settle()
        let ended = try #require(try await records(bench).first)
        #expect(ended.status == .cancelled && ended.reason == "cancelled: enough")
        #expect(bench.observer.lines == ["before", "after it"])
    }

    @Test func `a recipe that is gone lets its parked runs go`() async throws {
        let bench = try bench(hourly + "actions: [{ wait: 1h }, { log: never }]\n")
        let process = try ExecutingProcess(bench)
        try await process.start()
        await process.advance(by: .seconds(3_700))
        try bench.remove("job.yml")
        try await process.scheduler.load(bench.workspace())
        try await process.scheduler.watchTriggers(isStart: false)
        await process.advance(by: .seconds(3_700))
        let run = try #require(try await records(bench).first)
        #expect(run.status == .interrupted)
        #expect(run.reason == "its wait is over, and the recipe is not there any more")
    }

    @Test func `a parked run goes on although its recipe's file is broken`() async throws {
        let bench = try bench(hourly + "actions: [{ wait: 1h }, { log: after }]\n")
        let first = try ExecutingProcess(bench)
        try await first.start()
        await first.advance(by: .seconds(3_700))
        try await first.kill()
        try bench.write("job.yml", "actionz: []\n")
        let second = try ExecutingProcess(bench, workspace: bench.loader.load())
        try await second.start()
        await second.advance(by: .seconds(3_700))
        #expect(bench.observer.lines == ["after"])
        #expect(try await records(bench).map(\.status) == [.succeeded])
    }

    @Test func `what goes on beside it keeps a run in memory`() async throws {
        let recipe = "actions: [{ foreach: \"[1, 2]\", concurrency: 2, wait: 30m }, { log: after }]\n"
        let bench = try bench(hourly + recipe)
        let process = try ExecutingProcess(bench)
        try await process.start()
        await process.advance(by: .seconds(3_700))
        #expect(await process.scheduler.running.count == 1)
        await process.advance(by: .seconds(3_600))
        #expect(bench.observer.lines == ["after"])
    }

    @Test func `each item of a plain foreach parks, and vars stay what they were`() async throws {
        let recipe = """
            vars: { id: "${{ uuid() }}" }
            actions:
              - id: each
                foreach: "[1, 2, 3]"
                do:
                  - wait: 1m
                  - log: "${{ vars.id }} ${{ item }}"
              - log: "${{ vars.id }} ${{ size(actions.each) }}"

            """
        let bench = try bench(hourly + recipe)
        let process = try ExecutingProcess(bench)
        try await process.start()
        await process.advance(by: .seconds(3_700))
        try await process.kill()
        let second = try ExecutingProcess(bench)
        try await second.start()
        await second.advance(by: .seconds(300))
        let lines = bench.observer.lines.map { $0.split(separator: " ") }
        #expect(lines.map { $0.last ?? "" } == ["1", "2", "3", "3"])
        #expect(Set(lines.map { $0.first ?? "" }).count == 1)
        #expect(try await records(bench).map(\.status) == [.succeeded])
    }

    @Test func `two nodes take a parked run up once`() async throws {
        let bench = try bench(hourly + "actions: [{ wait: 1h }, { log: after }]\n")
        let both = [try ExecutingProcess(bench), try ExecutingProcess(bench)]
        for process in both { try await process.start() }
        for _ in 0..<80 {
            await both[0].clock.advance(by: .seconds(100)) { for process in both { await process.settle() } }
            for process in both { await process.scheduler.lookAround() }
            for process in both { await process.settle() }
        }
        #expect(bench.observer.lines == ["after"])
        #expect(try await records(bench).map(\.status) == [.succeeded])
    }

    @Test func `a wait in memory goes on for the rest of it after a crash`() async throws {
        let bench = try bench("actions: [{ wait: 1h }, { log: after }]\n")
        let clock = try #require(bench.clock as? ManualEngineClock)
        let plan = RecipePlan(try #require(bench.workspace().recipes["job"]))
        let (engine, handle) = (bench.engine(), RunHandle())
        async let first = engine.once(plan, inputs: .map([:]), handle: handle)
        while clock.sleeperCount == 0 { await Task.yield() }
        await clock.advance(by: .seconds(1_000))
        handle.cancel(.shutdown)
        #expect(try await first.status == .interrupted)
        let detail = try #require(try await bench.store.run(try await first.run.text))
        #expect(detail.actions.map(\.status) == [.started])
        async let second = bench.engine().resume(
            detail,
            plan,
            commitsState: true,
            redoesUnknown: false,
            handle: RunHandle()
        )
        while clock.sleeperCount == 0 { await Task.yield() }
        #expect(clock.slept.last == .seconds(2_600))
        await clock.advance(by: .seconds(2_600))
        #expect(try await second?.status == .succeeded)
    }
}
