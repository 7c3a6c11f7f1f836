import CEL
import Connections
import Engine
import Sandbox
import Schedule
import Store
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct UntilTests {
    private final class Looks: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    /// A server whose job is done at the third look.
    private func withJob(_ body: (Workbench, ManualEngineClock, ScriptedServer) async throws -> Void) async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        let looks = Looks()
        try await ScriptedServer.run({ _ in
            // The URL is there when the job is done.
            .json(looks.next() < 3 ? #"{"state":"running"}"# : #"{"state":"done","url":"/result"}"#)
        }) { server in
            let bench = try Workbench(
                ["connections/jobs.yml": "connector: none\nbase_uri: \(server.baseURL)\n"],
                clock: clock
            )
            try await body(bench, clock, server)
            await bench.transport.shutdown()
        }
    }

    @Test func `asks again until the response says what was waited for`() async throws {
        try await withJob { bench, clock, server in
            let result = try await bench.run(
                """
                connection: jobs
                actions:
                  - id: job
                    get: /job
                    until: response.body.state == 'done'
                    every: 30s
                    output: ${{ response.body.url }}
                output: ${{ actions.job }}
                """
            )
            #expect(result.output == "/result", "\(result.error?.description ?? "")")
            #expect(server.requests.count == 3)
            #expect(clock.slept == [.seconds(30), .seconds(30)])
            #expect(try await bench.detail(result.run).actions.first?.attempts == 3)
        }
    }

    @Test func `sees the result of any verb`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        let bench = try Workbench(clock: clock)
        let result = try await bench.run(
            """
            vars: { n: 0 }
            actions:
              - id: count
                set: { n: "${{ vars.n + 1 }}" }
                until: result.n >= 4
                output: ${{ result.n * 10 }}
            output: ${{ [vars.n, actions.count] }}
            """
        )
        #expect(result.output == [4, 40], "\(result.error?.description ?? "")")
        #expect(clock.slept == [.seconds(5), .seconds(5), .seconds(5)])
    }

    @Test func `repeats several actions, each time with checkpoints of their own`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        let bench = try Workbench(clock: clock)
        let result = try await bench.run(
            """
            vars: { n: 0 }
            actions:
              - id: rounds
                until: result > 2
                every: 1s
                do:
                  - { id: add, set: { n: "${{ vars.n + 1 }}" }, output: "${{ vars.n }}" }
            output: ${{ actions.rounds }}
            """
        )
        #expect(result.output == 3, "\(result.error?.description ?? "")")
        let indexes = try await bench.detail(result.run).actions.filter { $0.path == "rounds/add" }.map(\.index)
        #expect(indexes.sorted() == ["0", "1", "2"])
    }

    @Test func `the run's time is its bound`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        async let running = bench.run(
            "timeout: 1m\nactions:\n  - { set: { x: 1 }, until: \"false\", every: 25s }\n"
        )
        for _ in 0..<3 {
            while clock.sleeperCount == 0 { await Task.yield() }
            await clock.advance(by: .seconds(20))
        }
        #expect(try await running.status == .timedOut)
    }

    @Test func `a timeout around it is a bound that can be handled`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        async let running = bench.run(
            """
            actions:
              - id: patient
                timeout: 30s
                on_error: continue
                do:
                  - { set: { x: 1 }, until: "false", every: 25s }
            output: ${{ actions.patient.error.message }}
            """
        )
        for _ in 0..<2 {
            while clock.sleeperCount == 0 { await Task.yield() }
            await clock.advance(by: .seconds(20))
        }
        #expect(try await running.output == "not done within 30s")
    }

    @Test func `a cancelled run looks no more`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        let handle = RunHandle()
        async let running = bench.run("actions:\n  - { set: { x: 1 }, until: \"false\" }\n", handle: handle)
        while clock.sleeperCount == 0 { await Task.yield() }
        handle.cancel(.person)
        #expect(try await running.status == .cancelled)
    }

    @Test func `needs true or false`() async throws {
        let bench = try Workbench()
        let result = try await bench.run("actions:\n  - { set: { x: 1 }, until: dyn(1) }\n")
        #expect(result.error?.message == "`until` must be true or false, and is int")
    }

    @Test func `repeats actions that failed, as their retry asks`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, sandbox in
            let result = try await bench.run(
                """
                connection: api
                vars: { tries: 0 }
                actions:
                  - retry: { attempts: 3, initial: 10s, jitter: none }
                    do:
                      - { get: /health }
                      - { get: "/echo?fail=503&times=2", retry: false }
                """
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(sandbox.statistics().routes["GET /health"] == 3)
            #expect(clock.slept == [.seconds(10), .seconds(20)])
        }
    }
}
