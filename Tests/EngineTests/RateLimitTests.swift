import CEL
import Connections
import Engine
import Recipe
import Sandbox
import Store
import Synchronization
import TestSupport
import Testing

/// Servers that say when they want to be asked again.
@Suite(.timeLimit(.minutes(5))) struct RateLimitTests {
    @Test(arguments: ["retry_after=700", "rate_limit_reset=700", "rate_limit=700", "x_rate_limit_reset=700"])
    func `waits as long as the server asks`(_ header: String) async throws {
        for status in [429, 503] {
            let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
            try await withAPI(clock: clock) { bench, _ in
                let result = try await bench.run(
                    "connection: api\nactions: [{ id: a, get: \"/echo?fail=\(status)&\(header)&times=1\" }]\noutput: ${{ actions.a.attempts }}\n"
                )
                #expect(result.output == 2)
                #expect(clock.slept == [.seconds(700)])
                #expect(try await bench.detail(result.run).actions.first?.attempts == 2)
            }
        }
    }

    @Test func `what one was told holds for all of the connection`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, _ in
            // One manager for both, as in one process.
            let result = try await bench.run(
                """
                connection: api
                actions:
                  - { post: "/echo?fail=429&retry_after=120", json: {}, on_error: continue }
                  - { get: /echo }
                  - { post: "/echo?fail=429&retry_after=100000", json: {}, on_error: continue }
                  - { get: /echo }
                  - { post: "/echo?fail=500", json: {}, on_error: continue }
                  - { get: /echo, connection: auth }
                  - { get: /echo }
                """
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            // The second one is longer than anybody else is held for.
            #expect(clock.slept == [.seconds(120), .seconds(300)])
            let held = bench.observer.events.compactMap { if case .requestHeld(_, let wait) = $0 { wait } else { nil } }
            #expect(held == clock.slept)
        }
    }

    @Test func `does not wait for what the run's time will not see`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, sandbox in
            let result = try await bench.run(
                """
                timeout: 60s
                connection: api
                actions:
                  - { post: "/echo?fail=429&retry_after=120", json: {}, on_error: continue }
                  - { id: late, get: /echo }
                """
            )
            #expect(
                result.error?.message
                    == "GET: not sent, because the server asked the connection `api` to wait (429 or 503), 2m from now, and the run's time ends before that"
            )
            #expect(clock.slept == [])
            #expect(sandbox.statistics().routes["GET /echo"] == nil)
        }
    }

    /// A thousand runs at once are each told to come back in two seconds.
    @Test func `a thousand runs come back no earlier than they were asked to`() async throws {
        let arrivals = Mutex<[String: [ContinuousClock.Instant]]>([:])
        try await ScriptedServer.run { request in
            let count = arrivals.withLock { arrivals in
                arrivals[request.query, default: []].append(.now)
                return arrivals[request.query]?.count ?? 0
            }
            return count == 1 ? .json("{}", status: 429, headers: [("Retry-After", "2")]) : .json("{\"n\": \(count)}")
        } _: { server in
            let bench = try Workbench([
                "connections/api.yml": "connector: none\nbase_uri: \(server.baseURL)\n",
                "job.yml": "connection: api\nactions: [{ get: /x, query: { run: \"${{ run.id }}\" } }]\n",
            ])
            let plan = RecipePlan(try #require(bench.workspace().recipes["job"]))
            let engine = bench.engine()
            let statuses = await withTaskGroup(of: RunStatus?.self) { group in
                for _ in 0..<1_000 {
                    group.addTask {
                        // Two cannot begin in the same microsecond.
                        while !Task.isCancelled {
                            if let result = try? await engine.once(plan, inputs: .map([:])) { return result.status }
                        }
                        return nil
                    }
                }
                var all: [RunStatus?: Int] = [:]
                for await status in group { all[status, default: 0] += 1 }
                return all
            }
            await bench.transport.shutdown()
            #expect(statuses == [.succeeded: 1_000])
            let times = arrivals.withLock { Array($0.values) }
            #expect(times.count == 1_000 && times.allSatisfy { $0.count == 2 })
            let early = times.filter { $0[1] - $0[0] < .seconds(2) }
            #expect(early.isEmpty)
        }
    }
}
