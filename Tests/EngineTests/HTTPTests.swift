import CEL
import Connections
import Recipe
import Sandbox
import Store
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct HTTPTests {
    @Test func `gives the body as output, and status, headers and duration as result`() async throws {
        try await withAPI { bench, _ in
            let result = try await bench.run(
                """
                connection: api
                actions:
                  - { id: say, post: /echo, query: { a: [1, 2], b: null }, headers: { X-One: "${{ 1 }}" }, json: { deep: [true] } }
                  - log: "${{ actions.say.status }} ${{ actions.say.attempts }} ${{ actions.say.duration > duration('0s') }}"
                  - { get: /echo, output: "${{ [response.status, actions.say.body.json.deep[0]] }}", id: last }
                output: { echo: "${{ actions.say.body }}", last: "${{ actions.last }}" }
                """
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(bench.observer.lines == ["201 1 true"] || bench.observer.lines == ["200 1 true"])
            #expect(result.output("echo", "query") == .map(["a": ["1", "2"]]))
            #expect(result.output("echo", "headers", "x-one") == "1")
            #expect(result.output("last") == [200, true])
            let plain = try await bench.run("connection: api\nactions: [{ get: /echo }, { log: done }]\n")
            #expect(plain.output("method") == "GET")
            let detail = try await bench.detail(plain.run)
            #expect(detail.actions.first?.request?.hasPrefix("GET 127.0.0.1:") == true)
            #expect(detail.actions.first?.request?.hasSuffix(" 200") == true)
            #expect(detail.run.lateness != nil)
        }
    }

    @Test(arguments: [
        ("connection: auth\nactions: [{ get: /api/v5/me }]", ["auth"]),
        ("actions: [{ connection: auth, get: /api/v5/me }]", ["auth"]),
        ("connection: auth\nactions: [{ if: '1 > 2', get: /api/v5/me }]", []),
        ("connection: auth\nactions: [{ log: hello }, { get: /api/v5/me }]", []),
        ("actions: [{ get: 'http://127.0.0.1/' }]", []),
    ]) func `of what a recipe uses, only what its first action is sure to need is got ready`(
        text: String,
        names: [String]
    ) async throws {
        let bench = try Workbench([
            "connections/auth.yml": "connector: bearer\nbase_uri: http://127.0.0.1\nfields: { token: t }\n",
            "job.yml": text + "\n",
        ])
        let workspace = bench.workspace()
        let plan = RecipePlan(try #require(workspace.recipes["job"]))
        #expect(bench.executor().sessions(neededAtOnceBy: [plan, plan], workspace.connections).map(\.name) == names)
    }

    @Test func `what is got ready is the token`() async throws {
        try await withAPI { bench, sandbox in
            try bench.write("job.yml", "connection: auth\nactions: [{ get: /api/v5/me }]\n")
            let workspace = bench.workspace()
            let plan = RecipePlan(try #require(workspace.recipes["job"]))
            let executor = bench.executor()
            executor.prepare([plan], connections: workspace.connections)
            let session = try #require(executor.sessions(neededAtOnceBy: [plan], workspace.connections).first)
            while try await session.status().state != .valid { try await Task.sleep(for: .milliseconds(2)) }
            #expect(sandbox.statistics().tokenRequests == 1)
        }
    }

    @Test func `says action, method, host and status of an unexpected answer`() async throws {
        try await withAPI { bench, _ in
            let result = try await bench.run("connection: api\nactions: [{ id: look, get: /nowhere }]\n")
            #expect(result.status == .failed)
            #expect(result.error?.status == 404)
            #expect(result.error?.kind == .status)
            let text = try #require(result.error?.description)
            #expect(text.hasPrefix("`look`: GET 127.0.0.1:"))
            #expect(text.hasSuffix("the server answered 404 (expected 200-299)"))
        }
    }

    @Test func `says why a server refuses, where its answer tells`() async throws {
        try await withAPI { bench, _ in
            let result = try await bench.run("connection: digest\nactions: [{ id: look, get: /api/v5/issues }]\n")
            let text = try #require(result.error?.description)
            let end = "the server answered 401 (expected 200-299); the server offers Bearer and no Digest"
            #expect(text.hasSuffix(end), "\(text)")
        }
    }

    @Test func `accepts what is expected`() async throws {
        try await withAPI { bench, _ in
            let listed = try await bench.run(
                "connection: api\nactions: [{ id: a, get: /nowhere, expect: [200, 4xx] }]\noutput: ${{ actions.a.status }}\n"
            )
            #expect(listed.output == 404)
            let held = try await bench.run(
                "connection: api\nactions: [{ get: /echo, expect: \"response.body.method == 'GET'\" }]\n"
            )
            #expect(held.status == .succeeded)
            let not = try await bench.run(
                "connection: api\nactions: [{ get: /echo, expect: \"response.body.method == 'PUT'\", retry: false }]\n"
            )
            #expect(not.error?.kind == .expectation)
        }
    }

    @Test func `tries again and reports each attempt`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, sandbox in
            let result = try await bench.run(
                "connection: api\nactions: [{ id: a, get: \"/echo?fail=503&times=2\" }]\noutput: ${{ actions.a.attempts }}\n"
            )
            #expect(result.output == 3)
            #expect(sandbox.statistics().routes["GET /echo"] == 3)
            #expect(clock.slept.count == 2)
            #expect(clock.slept[0] <= .seconds(1) && clock.slept[1] <= .seconds(2))
            let failed = bench.observer.events.filter { if case .attemptFailed = $0 { true } else { false } }
            #expect(failed.count == 2)
            #expect(try await bench.detail(result.run).actions.first?.attempts == 3)
        }
    }

    @Test func `gives up when the attempts are used up`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, sandbox in
            let result = try await bench.run(
                "connection: api\nactions: [{ get: \"/echo?fail=503\", retry: { attempts: 4, jitter: none } }]\n"
            )
            #expect(result.error?.attempt == 4)
            #expect(result.error?.description.hasSuffix("(after 4 attempts)") == true)
            #expect(sandbox.statistics().routes["GET /echo"] == 4)
            #expect(clock.slept == [.seconds(1), .seconds(2), .seconds(4)])
        }
    }

    @Test func `waits as long as the server asks`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, _ in
            let result = try await bench.run(
                "connection: api\nactions: [{ get: \"/echo?fail=429&retry_after=700&times=1\" }]\n"
            )
            #expect(result.status == .succeeded)
            #expect(clock.slept == [.seconds(700)])
        }
    }

    @Test func `does not repeat a POST without an idempotency key`() async throws {
        try await withAPI { bench, sandbox in
            let result = try await bench.run(
                "connection: api\nactions: [{ post: \"/echo?fail=503&times=1\", json: {} }]\n"
            )
            #expect(result.status == .failed)
            #expect(sandbox.statistics().routes["POST /echo"] == 1)
        }
    }

    @Test func `a last word on retries is heard`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, sandbox in
            _ = try await bench.run(
                """
                connection: api
                actions:
                  - get: "/echo?fail=503"
                    retry: { attempts: 5, while: "error.attempt < 2 && response.status == 503" }
                """
            )
            #expect(sandbox.statistics().routes["GET /echo"] == 2)
        }
    }

    @Test func `sends one idempotency key on every attempt`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, sandbox in
            let result = try await bench.run(
                """
                connection: auth
                actions:
                  - foreach: "[1, 2]"
                    post: /api/v5/messages?close=after&times=1
                    json: { text: "${{ item }}" }
                    idempotency_key: true
                    retry: { attempts: 3 }
                """
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            let statistics = sandbox.statistics()
            #expect(statistics.messages == 2)
            #expect(statistics.duplicates == 1)
            #expect(statistics.tokenRequests == 1)
        }
    }

    @Test func `reads all pages`() async throws {
        try await withAPI(SandboxConfiguration(items: 45, perPage: 20)) { bench, sandbox in
            let result = try await bench.run(
                """
                connection: auth
                actions:
                  - id: list
                    get: /api/v5/issues
                    query: { state: all }
                    paginate: { items: "${{ response.body.data }}", next: "${{ response.body.meta.?next_url }}" }
                  - log: "${{ actions.list.pages }} pages, ${{ size(actions.list.items) }} items"
                output: ${{ actions.list.items.map(i, i.id) }}
                """
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            guard case .list(let ids) = result.output else { return }
            #expect(Set(ids).count == ids.count)
            #expect(
                sandbox.statistics().routes["GET /api/v5/issues"] == bench.observer.lines.first?.first?.wholeNumberValue
            )
        }
    }

    @Test func `ends at the page limit and at a URL that was there`() async throws {
        try await withAPI(SandboxConfiguration(items: 100, perPage: 10)) { bench, _ in
            let limited = try await bench.run(
                """
                connection: auth
                actions:
                  - get: /api/v5/issues
                    paginate: { items: "${{ response.body.data }}", next: "${{ response.body.meta.?next_url }}", max_pages: 3 }
                """
            )
            guard case .list(let items) = limited.output else {
                Issue.record("no items: \(limited.error?.description ?? "")")
                return
            }
            #expect(items.count == 30)
            let circle = try await bench.run(
                """
                connection: auth
                actions:
                  - { id: a, get: /api/v5/issues, paginate: { items: "response.body.data", next: "'/api/v5/issues?page=2'" } }
                output: ${{ actions.a.pages }}
                """
            )
            #expect(circle.output == 2)
        }
    }

    @Test func `an attempt has its time`() async throws {
        try await withAPI { bench, _ in
            let result = try await bench.run(
                "connection: api\nactions: [{ get: \"/echo?delay=20s\", timeout: 100ms, retry: false }]\n"
            )
            #expect(result.status == .failed)
            #expect(result.error?.kind == .timeout)
            #expect(result.duration < .seconds(15))
        }
    }

    @Test func `the run's time ends an attempt`() async throws {
        try await withAPI { bench, _ in
            let result = try await bench.run(
                "timeout: 200ms\nconnection: api\nactions: [{ get: \"/echo?delay=20s\" }]\n"
            )
            #expect(result.status == .timedOut, "\(result)")
            #expect(result.duration < .seconds(15))
        }
    }

    @Test func `a refused connection is one sentence`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            "actions: [{ id: a, get: \"http://127.0.0.1:1/x?key=secret-value\", retry: false }]\n"
        )
        await bench.transport.shutdown()
        #expect(result.status == .failed)
        #expect(result.error?.kind == .network)
        #expect(result.error?.message.hasPrefix("GET 127.0.0.1:1: connection refused") == true)
        #expect(result.error?.message.contains("secret-value") == false)
    }

    @Test func `an intent is recorded before a POST that cannot be repeated`() async throws {
        try await withAPI { bench, _ in
            async let running = bench.run(
                "connection: api\nactions: [{ id: p, post: \"/echo?delay=300ms\", json: {} }]\n"
            )
            try await bench.observer.wait { if case .runStarted = $0 { true } else { false } }
            var seen: [ActionRecord] = []
            while seen.isEmpty {
                let runs = try await bench.store.runs(RunQuery(recipe: "job"))
                if let run = runs.first { seen = try await bench.store.checkpoints(of: run.id) }
            }
            #expect(seen.first?.status == .started)
            #expect(try await running.status == .succeeded)
        }
    }
}
