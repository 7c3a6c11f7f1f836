import CEL
import Foundation
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(3))) struct LargeResultTests {
    @Test func `a run goes on with a large result that lies in a file`() async throws {
        let recipe = """
            connection: api
            actions:
              - { id: file, get: /file?size=500000, response: bytes }
              - { id: flaky, post: "/echo?fail=500&times=1", json: {}, retry: false }
            output: ${{ size(actions.file.body) }}
            """
        try await SandboxWorkspace.serve(["a.yml": recipe]) { sandbox, program, directory in
            #expect(try await program.run("once", "a.yml").status == 1)
            let run = try #require(try await runs(program).first?["id"]?.string)
            let files = directory.contents().keys.filter { $0.contains("runner.db-results/\(run)/") }
            #expect(files.count == 1)
            #expect(try await program.run("show", run).status == 0)
            let resumed = try await program.run("resume", run)
            #expect(resumed.status == 0, "\(resumed)")
            #expect(resumed.json == 500_000)
            // The file was not asked for again.
            #expect(sandbox.statistics().routes["GET /file"] == 1)
        }
    }
}
