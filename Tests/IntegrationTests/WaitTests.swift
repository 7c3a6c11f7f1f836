import CEL
import Foundation
import Sandbox
import Testing

/// Waits that outlive their process, and items that are done once, with real processes.
@Suite(.timeLimit(.minutes(5))) struct WaitTests {
    private func all(_ status: String, _ program: Program) async throws -> [Value] {
        try await program.run("runs", "--status", status, "--json", "--limit", "1000").json.items
    }

    @Test func `kill -9 and SIGTERM lose no run that waits, and none goes on twice`() async throws {
        var files: [String: String] = [:]
        for number in 0..<30 {
            files["r\(number).yml"] = """
                trigger: { interval: 1d, run_on_start: true }
                connection: api
                actions:
                  - post: /api/v5/messages
                    json: { text: "before ${{ recipe.name }}" }
                  - wait: 12s
                  - post: /api/v5/messages
                    json: { text: "after ${{ recipe.name }}" }
                """
        }
        let texts = files
        try await SandboxWorkspace.serve(texts) { sandbox, program, directory in
            let first = try await program.start(["start"])
            #expect(
                try await eventually {
                    try await all("running", program).filter { $0["reason"]?.string.hasPrefix("waiting until") == true }
                        .count == 30
                }
            )
            first.send(SIGKILL)
            _ = try await first.outcome()
            // Only what waits is left: no run of these begins again.
            for number in 0..<30 {
                let text = texts["r\(number).yml"] ?? ""
                try directory.write(text.replacing(", run_on_start: true", with: ""), to: "r\(number).yml")
            }
            let second = try await program.start(["start"])
            #expect(await eventually { second.errors.contains(" ready ") })
            second.send(SIGTERM)
            #expect(try await second.outcome().status == 0)
            #expect(try await all("running", program).count == 30)

            let third = try await program.start(["start"])
            #expect(try await eventually { try await all("succeeded", program).count == 30 })
            third.send(SIGTERM)
            #expect(try await third.outcome().status == 0)
            #expect(sandbox.statistics().messages == 60)
            #expect(try await all("succeeded", program).allSatisfy { $0["attempt"] == .int(1) })
        }
    }

    @Test func `kill -9 in a foreach with dedupe does each item once, with one key`() async throws {
        try await SandboxWorkspace.serve([
            "job.yml": """
            trigger: { interval: 1d, run_on_start: true }
            connection: api
            actions:
              - foreach: "lists.range(40)"
                concurrency: 2
                dedupe: { key: "item % 20" }
                post: /api/v5/messages?delay=200ms
                idempotency_key: true
                json: { text: "${{ item }}" }
            """
        ]) { sandbox, program, _ in
            let first = try await program.start(["start"])
            #expect(await eventually { sandbox.statistics().messages >= 5 })
            first.send(SIGKILL)
            _ = try await first.outcome()
            #expect(sandbox.statistics().messages < 20)
            let second = try await program.start(["start"])
            // The resumed run, and the one that the start began, which finds all taken or done.
            #expect(try await eventually { try await all("succeeded", program).count >= 1 })
            second.send(SIGTERM)
            #expect(try await second.outcome().status == 0)
            #expect(sandbox.statistics().messages == 20)
        }
    }
}
