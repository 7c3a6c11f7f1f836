import CEL
import Foundation
import Sandbox
import Testing

/// `runner once --dry-run` with verbs that hold or call other actions.
@Suite(.timeLimit(.minutes(2))) struct DryRunVerbTests {
    @Test func `prints what branches, cases, called recipes and programs would do`() async throws {
        let files = [
            "job.yml": """
            connection: api
            actions:
              - id: both
                parallel:
                  - - { id: a, get: /a }
                  - - { get: /b }
              - switch:
                  - { when: 1 > 2, do: [{ get: /never }] }
                  - { when: "actions.both[0].n > 1", do: [{ get: /many }] }
                  - { when: 1 < 2, do: [{ get: /few }] }
                else: [{ get: /never }]
              - { id: it, call: other, inputs: { n: "${{ 1 + 1 }}", m: "${{ actions.both[1] }}" } }
              - { id: p, run: [rm, "${{ actions.it }}"], output: "${{ result.exit_code }}" }
              - { get: "/last/${{ actions.p }}" }
            """,
            "other.yml": """
            connection: api
            inputs: { n: {}, m: {} }
            actions:
              - { id: call, put: "/other/${{ inputs.n }}", json: "${{ inputs.m }}" }
              - stop: done
            """,
        ]
        try await SandboxWorkspace.serve(files) { sandbox, program, _ in
            let base = program.environment["SANDBOX_URL"] ?? ""
            let outcome = try await program.run("once", "job.yml", "--dry-run", "--json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let entries = outcome.json["requests"]?.items ?? []
            let lines = entries.map { entry in
                let what = entry["url"]?.string.replacing(base, with: "") ?? entry["note"]?.string ?? ""
                let conditions = (entry["conditions"]?.items ?? []).map(\.string).joined(separator: ", ")
                return "\(entry["action"]?.string ?? "") \(what) \(conditions)"
            }
            #expect(
                lines == [
                    "both/0/a /a ", "both/1/get[0] /b ", "switch[1]/1/get[0] /many when ${{ actions.both[0].n > 1 }}",
                    "switch[1]/2/get[0] /few else", "it/call /other/2 ",
                    "p a program runs: rm ${{ actions.it }} ", "get[4] /last/${{ actions.p }} ",
                ]
            )
            #expect(sandbox.statistics().routes.isEmpty)
        }
    }
}
