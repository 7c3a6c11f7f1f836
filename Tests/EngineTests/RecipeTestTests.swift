import Engine
import Foundation
import Recipe
import Schedule
import Testing

/// Tests of recipes, as `runner test` performs them.
@Suite(.timeLimit(.minutes(3))) struct RecipeTestTests {
    private static let connection = """
        connector: oauth2_client_credentials
        fields:
          base_url: { env: NOBODY_SETS_THIS }
          token_url: /oauth/token
          client_id: { command: [/no/such/program] }
          client_secret: { file: no/such/file }
        rate_limit: 1/h
        """

    /// The outcomes of the tests in `test`, of a recipe with these actions.
    private static func outcomes(_ recipe: String, _ test: String, _ more: [String: String] = [:]) async throws
        -> [TestOutcome]
    {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("recipe-test-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        var files = more
        files["a.yml"] = recipe
        files["a.test.yml"] = test
        files["connections/api.yml"] = connection
        for (path, text) in files {
            let url = URL(fileURLWithPath: root + "/" + path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: url)
        }
        let loader = WorkspaceLoader(root: root, displayRoot: "", systemZone: .utc)
        let file = loader.loadTests("a.test.yml")
        #expect(file.diagnostics.isEmpty, "\(file.diagnostics)")
        let runner = TestRunner(file, loader: loader, userAgent: "test")
        var outcomes: [TestOutcome] = []
        for test in file.tests { outcomes.append(try await runner.run(test)) }
        #expect(!outcomes.isEmpty)
        return outcomes
    }

    /// The failures of the only test.
    private static func failures(_ recipe: String, _ test: String, _ more: [String: String] = [:]) async throws
        -> [TestFailure]
    {
        try await outcomes(recipe, test, more).flatMap(\.failures)
    }

    @Test func `needs neither secrets nor sign-in, and sends made-up ones`() async throws {
        let failures = try await Self.failures(
            "connection: api\nactions: [{ id: me, get: /me }]",
            """
            responses: [{ get: /me, json: { name: x } }]
            expect:
              requests: [{ get: "https://api.test/me", headers: { authorization: Bearer test-access_token } }]
              output: { name: x }
            """
        )
        #expect(failures == [])
    }

    @Test func `values of fields and of what sign-in brings can be given`() async throws {
        let failures = try await Self.failures(
            "connection: api\nactions: [{ get: /me }, { log: \"${{ connection.base_url }}\" }]",
            """
            connections: { api: { base_url: "https://x.example/v2/", access_token: mine } }
            responses: [{ get: /v2/me }]
            expect:
              requests: [{ get: "https://x.example/v2/me", headers: { Authorization: Bearer mine } }]
              logs: ["https://x.example/v2/"]
            """
        )
        // `/me` begins at the server's root, whatever the base says.
        #expect(failures.map(\.message) == ["the test has no response for the request of `get[0]`"])
        #expect(failures[0].notes.contains("GET https://x.example/me"))
        #expect(failures[0].differences == [Difference(path: "url", expected: "/v2/me", found: "/me")])
    }

    @Test func `a request without a response ends the test, and names the nearest`() async throws {
        let failures = try await Self.failures(
            "actions: [{ id: send, post: \"https://a.example/b?x=1\", json: { n: 1 } }]\nfinally: [{ get: \"https://a.example/c\" }]",
            "responses: [{ get: /z }, { post: /b, query: { x: 2 } }, { get: /c }]"
        )
        #expect(failures.count == 1)
        #expect(failures[0].message == "the test has no response for the request of `send`")
        #expect(
            failures[0].notes == [
                "POST https://a.example/b?x=1", #"{"n":1}"#, "nearest: POST /b (a.test.yml:1:26)",
            ]
        )
        #expect(failures[0].differences == [Difference(path: "query.x", expected: #""2""#, found: #""1""#)])
    }

    @Test func `no time passes, however long it waits`() async throws {
        let begin = ContinuousClock.now
        let outcomes = try await Self.outcomes(
            """
            timeout: 2h
            actions:
              - { id: ask, get: "https://a.example/b", retry: { attempts: 3, initial: 30m, jitter: none } }
              - wait: 30d
              - { get: "https://a.example/c", until: "response.status == 200", expect: [200, 202], every: 20m }
              - log: ${{ now() }} ${{ uuid() }}
            """,
            """
            now: 2026-03-01T00:00:00Z
            responses:
              - { get: /b, status: 503 }
              - { get: /b, error: network }
              - { get: /b }
              - { get: /c, status: 202, times: 2 }
              - { get: /c }
            expect:
              logs: ["2026-03-31T00:50:00Z 00000000-0000-4000-8000-000000000001"]
            """
        )
        #expect(outcomes.flatMap(\.failures) == [])
        #expect(begin.duration(to: .now) < .seconds(30))
    }

    @Test func `time limits count the test's time`() async throws {
        let failures = try await Self.failures(
            "timeout: 10m\nactions: [{ get: \"https://a.example/b\", until: \"false\", every: 1m }]",
            "responses: [{ get: /b }]\nexpect: { status: timed_out, check: \"size(requests) == 10\" }"
        )
        #expect(failures == [])
        let slow = try await Self.failures(
            "actions: [{ id: slow, get: \"https://a.example/b\", timeout: 20s, retry: false }]",
            "responses: [{ get: /b, delay: 1m }]\nexpect: { error: { action: slow, kind: timeout } }"
        )
        #expect(slow == [])
    }

    @Test func `responses of a test go before those that all have, one after the other`() async throws {
        let outcomes = try await Self.outcomes(
            "actions: [{ foreach: \"[1, 2, 3]\", id: a, get: \"https://a.example/${{ item }}\", output: \"${{ response.body }}\" }]",
            """
            responses: [{ get: /*, json: "shared ${{ request.path }}" }]
            tests:
              - { name: shared, expect: { output: [shared /1, shared /2, shared /3] } }
              - name: own
                responses: [{ get: /*, if: request.path != '/3', body: first }, { get: /*, if: request.path != '/3', body: second }]
                expect: { output: [first, second, shared /3] }
            """
        )
        #expect(outcomes.flatMap(\.failures) == [])
    }

    @Test func `differences are told request by request`() async throws {
        let actions = """
            actions:
              - { get: "https://a.example/1" }
              - { post: "https://a.example/2", json: { a: 1, b: [1, 2] } }
              - { get: "https://a.example/3" }
            """
        func check(_ requests: String, _ order: String = "strict") async throws -> [String] {
            try await Self.failures(actions, "responses: [{}]\nexpect: { order: \(order), requests: [\(requests)] }")
                .map { ([$0.message] + $0.differences.map(\.path)).joined(separator: " | ") }
        }
        #expect(try await check("{ get: /1 }, { post: /2, json: { b: [1, 2] } }, { get: /3 }") == [])
        #expect(
            try await check("{ get: /1 }, { post: /2, json: { b: [1, 3] }, form: { x: 1 } }, { get: /3 }")
                == ["request 2, POST https://a.example/2 of `post[1]`, is not as expected | json.b[1] | form"]
        )
        #expect(
            try await check("{ get: /1 }, { get: /3 }")
                == ["request 2, POST https://a.example/2 of `post[1]`, is not expected"]
        )
        #expect(
            try await check("{ get: /1 }, { put: /x }, { post: /2 }, { get: /3 }")
                == ["this request was not sent: PUT /x"]
        )
        #expect(
            try await check("{ get: /3 }, { post: /2 }, { get: /1 }") == ["the requests are sent in another order"]
        )
        #expect(try await check("{ get: /3 }, { post: /2 }, { get: /1 }", "any") == [])
        #expect(
            try await check("{ get: /3 }, { post: /2, json: { a: 2 } }, { get: /1 }", "any")
                == ["request 2, POST https://a.example/2 of `post[1]`, is not as expected | json.a"]
        )
        #expect(try await check("{ times: 3 }") == [])
        #expect(try await check("").count == 3)
    }

    @Test func `output, state, error, logs and checks are held against the run`() async throws {
        let recipe = """
            actions: [{ log: one }, { log: two }, { if: inputs.fails, id: end, fail: "no ${{ inputs.n }}" }]
            inputs: { fails: { type: boolean, default: false }, n: { type: integer, default: 1 } }
            state: { n: "${{ inputs.n }}", before: "${{ state }}" }
            output: { n: "${{ inputs.n }}" }
            """
        func failures(_ text: String) async throws -> [String] {
            try await Self.failures(recipe, text).map(\.message)
        }
        #expect(
            try await failures("state: 7\nexpect: { output: { n: 1 }, state: { n: 1, before: 7 }, logs: [two] }") == []
        )
        #expect(
            try await failures("expect: { output: { n: 2 }, state: 1 }") == [
                "the output is not as expected", "the state is not as expected",
            ]
        )
        #expect(try await failures("expect: { output: {} }") == ["the output is not as expected"])
        #expect(try await failures("expect: { logs: [two, one] }") == [#"this line was not logged: "one""#])
        #expect(try await failures("inputs: { fails: true }\nexpect: { error: no 1 }") == [])
        #expect(try await failures("inputs: { fails: true }\nexpect: { error: /^`end`/ }") == [])
        #expect(
            try await failures("inputs: { fails: true }\nexpect: { error: no }") == ["the error is not as expected"]
        )
        #expect(
            try await failures("inputs: { fails: true }") == ["the run failed, and was expected to end as `succeeded`"]
        )
        #expect(
            try await failures("expect: { error: { kind: fail } }")
                == ["the run succeeded, and was expected to end as `failed`"]
        )
        #expect(
            try await failures("expect: { check: [output.n == 1, status == 'succeeded', size(logs) == 2] }")
                == []
        )
        #expect(try await failures("expect: { check: output.n == 2 }") == ["`output.n == 2` does not hold"])
        #expect(
            try await failures("expect: { check: output.m == 2 }").first?.hasPrefix(
                "`output.m == 2` cannot be evaluated: "
            ) == true
        )
        #expect(try await failures("responses: [{ get: /x }]") == ["nothing asked for this response: GET /x"])
        #expect(try await failures("responses: [{ get: /x, optional: true }]") == [])
    }

    @Test func `programs are not run`() async throws {
        let recipe = """
            actions:
              - { id: a, run: [touch, "${{ inputs.path }}"], env: { X: "1" }, stdin: hi }
              - { id: b, foreach: "[1, 2]", shell: exit 9, expect: "result.exit_code < 3" }
            inputs: { path: { type: string } }
            output: ${{ actions.b.map(r, r.stdout) }}
            """
        let path = NSTemporaryDirectory() + "never-\(UUID())"
        let test = """
            inputs: { path: "\(path)" }
            programs: { a: {}, b: [{ stdout: one }, { stdout: two, exit_code: 2 }] }
            expect:
              output: [one, two]
              check:
                - "programs[0].words == ['touch', '\(path)'] && programs[0].stdin == 'hi' && programs[0].env == {'X': '1'}"
            """
        #expect(try await Self.failures(recipe, test) == [])
        #expect(!FileManager.default.fileExists(atPath: path))
        let failures = try await Self.failures(recipe, "inputs: { path: p }\nprograms: { b: {} }")
        #expect(failures.map(\.message) == ["the test does not say what the program of `a` leaves"])
        let failing = try await Self.failures(
            recipe,
            "inputs: { path: p }\nprograms: { a: { exit_code: 1, stderr: no room } }\nexpect: { error: { kind: exit, message: /no room/ } }"
        )
        #expect(failing == [])
    }

    @Test func `no file is saved, and a body may be too large`() async throws {
        let recipe = "actions: [{ id: f, get: \"https://a.example/f\", save_to: no/such/dir/f.bin, max_bytes: 10 }]"
        let saved = try await Self.failures(
            recipe,
            "responses: [{ body: 123456789 }]\nexpect: { check: output.bytes == 9 }"
        )
        #expect(saved == [])
        let large = try await Self.failures(
            recipe,
            "responses: [{ body: 12345678901 }]\nexpect: { error: { kind: body, message: /max_bytes/ } }"
        )
        #expect(large == [])
    }

    @Test func `a fire has its data interval, and earlier runs`() async throws {
        let recipe = """
            trigger: { cron: "0 3 * * *", timezone: Europe/Paris }
            actions: [{ log: "${{ run.interval_start }} ${{ run.interval_end }} ${{ run.last_success_at }} ${{ run.trigger != 'once' }}" }]
            """
        let failures = try await Self.failures(
            recipe,
            """
            scheduled_at: 2026-03-29T01:00:00Z
            last_success_at: 2026-03-28T02:00:05Z
            expect: { logs: ["2026-03-28T02:00:00Z 2026-03-29T01:00:00Z 2026-03-28T02:00:05Z true"] }
            """
        )
        #expect(failures == [])
        let alone = try await Self.failures(
            recipe,
            "now: 2026-03-29T01:00:00Z\nexpect: { logs: [\" 2026-03-29T01:00:00Z  false\"] }"
        )
        #expect(alone == [])
    }

    @Test func `recipes that are called take part, and so do parts, forms and files`() async throws {
        let failures = try await Self.failures(
            "actions: [{ id: c, call: b, inputs: { n: 2 } }]",
            """
            responses:
              - { post: /form, file: answer.json, headers: { Content-Type: application/json } }
              - { post: /parts, status: 201 }
            expect:
              requests:
                - { post: /form, action: c/f, form: { n: 2, list: [a, b] } }
                - { post: /parts, multipart: { title: /^T/, file: "x,y\\n" } }
              output: [5, 201]
            """,
            [
                "b.yml": """
                inputs: { n: { type: integer } }
                actions:
                  - { id: f, post: "https://a.example/form", form: { n: "${{ inputs.n }}", list: [a, b] } }
                  - { id: p, post: "https://a.example/parts", multipart: { title: Title, file: { content: "x,y\\n", filename: a.csv } } }
                output: ["${{ actions.f.body.value }}", "${{ actions.p.status }}"]
                """,
                "answer.json": #"{"value": 5}"#,
            ]
        )
        #expect(failures == [])
    }

    @Test func `environment variables are the test's own`() async throws {
        let failures = try await Self.failures(
            "actions: [{ log: \"${{ env.REGION }}-${{ env.HOME }}\" }]",
            "env: { REGION: eu }\nexpect: { logs: [eu-] }",
            ["runner.yml": "env: [REGION, HOME]\n"]
        )
        #expect(failures == [])
    }

    @Test func `parallel branches wait at the same time`() async throws {
        let failures = try await Self.failures(
            """
            actions:
              - parallel: [[{ wait: 4s }, { wait: 4s }, { log: a }], [{ wait: 6s }, { log: b }]]
                timeout: 10s
              - log: ${{ now() }}
            """,
            "expect: { logs: [b, a, \"2026-01-01T00:00:08Z\"] }"
        )
        #expect(failures == [])
    }
}
