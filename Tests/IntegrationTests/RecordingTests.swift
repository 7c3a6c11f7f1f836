import CEL
import Foundation
import Sandbox
import Testing

/// Tests of recipes that are made from what a real server answers.
@Suite(.timeLimit(.minutes(3))) struct RecordingTests {
    private static let recipe = """
        connection: api
        inputs: { limit: { type: integer, default: 2 }, code: { type: string, secret: true, optional: true } }
        actions:
          - id: list
            get: /api/v5/issues
            query: { per_page: "${{ inputs.limit }}" }
          - id: echo
            post: /echo
            json: { code: "${{ inputs.code }}", text: "a: \\"b\\" # ${{ '$' }}${{ '{{' }} x }}" }
          - { id: lost, get: /api/v5/issues/999999, on_error: continue }
          - { id: file, get: /file, query: { size: 300 }, save_to: f.bin }
        state: { last: "${{ actions.list.body.data[0].id }}" }
        output: { n: "${{ size(actions.list.body.data) }}", text: "${{ actions.echo.body.json.text }}", bytes: "${{ actions.file.body.bytes }}" }
        """

    @Test func `a run becomes a test that passes without a server`() async throws {
        try await SandboxWorkspace.serve(["a.yml": Self.recipe]) { _, program, directory in
            try directory.write("code: super-secret-code\n", to: "in.yml")
            let run = try await program.run("once", "a.yml", "--input-file", "in.yml", "--record", "tests")
            #expect(run.status == 0, "\(run)")
            #expect(run.json["n"] == 2)
            let text = try String(contentsOfFile: directory.path + "/tests/a.test.yml", encoding: .utf8)
            #expect(!text.contains("super-secret-code") && !text.contains("demo-secret"))
            #expect(!text.contains("/oauth/token"))
            // Nothing of the environment: neither the server's address nor the secret.
            let offline = Program(in: directory.path)
            let outcome = try await offline.run("test")
            #expect(outcome.status == 0, "\(outcome)\n\(text)")
            #expect(outcome.output.contains("1 test: 1 passed"))
        }
    }

    @Test func `answers are written into a test, and all else stays as it is`() async throws {
        let test = """
            # What the sandbox says.
            connections: { api: { base_url: "https://sandbox.example" } }
            tests:
              - name: first
                inputs: { limit: 1 }      # one is enough
                responses:
                  - get: /old

                # what must come of it
                expect:
                  check: output.n == 1

              - name: second
                inputs:
                  limit: 3
                expect: { check: output.n == 3 }
              - name: third
                expect:
                  check: output.n == 2
            """
        try await SandboxWorkspace.serve(["a.yml": Self.recipe, "a.test.yml": test + "\n"]) { _, program, directory in
            #expect(try await program.run("test").status == 1)
            let recorded = try await program.run("test", "--record", "--name", "s")
            #expect(recorded.status == 0, "\(recorded)")
            #expect(recorded.errors.contains("recorded 4 answers for `first`"))
            let text = try String(contentsOfFile: directory.path + "/a.test.yml", encoding: .utf8)
            #expect(text.hasPrefix("# What the sandbox says.\n"))
            #expect(
                text.contains(
                    "    inputs: { limit: 1 }      # one is enough\n    responses:\n      - get: /api/v5/issues\n"
                )
            )
            #expect(
                text.contains(
                    "\n\n    # what must come of it\n    expect:\n      check: output.n == 1\n\n  - name: second\n    responses:\n"
                )
            )
            #expect(!text.contains("/old") && !text.contains("demo-secret"))
            #expect(text.hasSuffix("  - name: third\n    expect:\n      check: output.n == 2\n"))
            // No run of it is in the history, and nothing was saved.
            #expect(!FileManager.default.fileExists(atPath: directory.path + "/f.bin"))
            let offline = try await Program(in: directory.path).run("test", "--name", "s")
            #expect(offline.status == 0, "\(offline)\n\(text)")
        }
    }

    @Test func `a test in braces cannot be recorded`() async throws {
        let files = ["a.yml": Self.recipe, "a.test.yml": "{ expect: {} }\n"]
        try await SandboxWorkspace.serve(files) { _, program, directory in
            let outcome = try await program.run("test", "--record")
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("stands in braces"))
            #expect(try String(contentsOfFile: directory.path + "/a.test.yml", encoding: .utf8) == "{ expect: {} }\n")
        }
    }
}
