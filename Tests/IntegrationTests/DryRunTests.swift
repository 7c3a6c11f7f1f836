import CEL
import Foundation
import Sandbox
import Testing

/// `runner once --dry-run`: the requests, and nothing else.
@Suite(.timeLimit(.minutes(3))) struct DryRunTests {
    private static let recipe = """
        connection: api
        inputs: { state: { default: open } }
        vars: { label: "${{ inputs.state.upperAscii() }}" }
        actions:
          - id: list
            get: /api/v5/issues
            query: { state: "${{ inputs.state }}", label: "${{ vars.label }}" }
          - if: inputs.state == 'closed'
            delete: /api/v5/nothing
          - id: notify
            foreach: ${{ actions.list.body.data.filter(i, i.priority > 2) }}
            as: issue
            post: /messages
            json: { text: "${{ issue.title }} is still ${{ inputs.state }}" }
          - id: each
            foreach: "${{ ['a b', 'c'] }}"
            get: /api/v5/issues/${{ url.encode(item) }}
          - set: { first: "${{ actions.list.body.data[0].id }}" }
          - id: one
            if: vars.first > 0
            put: /api/v5/issues/${{ vars.first }}
            idempotency_key: true
            form: { id: "${{ vars.first }}" }
          - log: "${{ vars.first }}"
        """

    @Test func `prints the requests with what is known, and sends nothing`() async throws {
        try await SandboxWorkspace.serve(["a.yml": Self.recipe]) { sandbox, program, directory in
            var program = program
            // Not even the secret is asked for.
            program.environment["CLIENT_SECRET"] = nil
            let base = program.environment["SANDBOX_URL"] ?? ""
            let outcome = try await program.run("once", "a.yml", "--dry-run", "--json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let requests = outcome.json["requests"]?.items ?? []
            #expect(
                requests.map {
                    "\($0["action"]?.string ?? "") \($0["method"]?.string ?? "") \($0["url"]?.string ?? "")"
                } == [
                    "list GET \(base)/api/v5/issues?state=open&label=OPEN",
                    "notify POST \(base)/messages",
                    "each[0] GET \(base)/api/v5/issues/a%20b",
                    "each[1] GET \(base)/api/v5/issues/c",
                    "one PUT \(base)/api/v5/issues/${{ vars.first }}",
                ]
            )
            #expect(requests.allSatisfy { $0["headers"]?["Authorization"] == "Bearer •••" })
            #expect(requests.map { $0["complete"] } == [true, false, true, true, false])
            guard requests.count == 5 else { return }
            #expect(
                requests[1]["conditions"]?.items == [
                    "for each of ${{ actions.list.body.data.filter(i, i.priority > 2) }}"
                ]
            )
            #expect(requests[1]["body"] == #"{"text":"${{ issue.title }} is still open"}"#)
            #expect(requests[4]["conditions"]?.items == ["if ${{ vars.first > 0 }}"])
            #expect(requests[4]["body"] == "id=${{ vars.first }}")
            #expect(requests[4]["headers"]?["Idempotency-Key"] == "(one for this action of the run)")
            let statistics = sandbox.statistics()
            #expect(statistics.tokenRequests == 0 && statistics.routes.values.allSatisfy { $0 == 0 })
            // Nor is anything left behind.
            #expect(directory.contents().keys.sorted() == ["a.yml", "connections/api.yml"])
        }
    }

    @Test func `as text, with the token of earlier runs and the state that they left`() async throws {
        let recipe = """
            connection: api
            actions:
              - { id: me, get: /api/v5/me, query: { since: "${{ state == null ? 'never' : state.since }}" } }
              - stop: enough
              - get: /never
            state: { since: today }
            """
        try await SandboxWorkspace.serve(["a.yml": recipe]) { sandbox, program, _ in
            #expect(try await program.run("once", "a.yml").status == 0)
            let before = sandbox.statistics().routes
            let outcome = try await program.run("once", "a.yml", "--dry-run")
            let base = program.environment["SANDBOX_URL"] ?? ""
            #expect(
                outcome.output == """
                    # me
                    GET \(base)/api/v5/me?since=today
                    Authorization: Bearer •••
                    Accept: application/json, */*;q=0.8
                    User-Agent: runner/0.1.0
                    Accept-Encoding: gzip, deflate

                    # the run stops: enough

                    # 1 request; nothing was sent

                    """
            )
            #expect(sandbox.statistics().routes == before)
            #expect(try await runs(program).count == 1)
        }
    }

    @Test func `what would fail does so here, with what comes before it`() async throws {
        let recipe = """
            connection: api
            actions:
              - { id: me, get: /api/v5/me }
              - { id: away, get: "https://elsewhere.example/x" }
            """
        try await SandboxWorkspace.serve(["a.yml": recipe]) { _, program, _ in
            let outcome = try await program.run("once", "a.yml", "--dry-run", "--json")
            #expect(outcome.status == 1)
            #expect(outcome.json["requests"]?.items.count == 1)
            #expect(outcome.errors.contains("`away`: GET elsewhere.example: not sent, because the connection `api`"))
            let wrong = try await program.run("once", "a.yml", "--json")
            #expect(wrong.status == 2 && wrong.errors.contains("--json goes with --dry-run"))
        }
    }
}
