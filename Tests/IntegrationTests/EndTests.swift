import CEL
import Foundation
import Sandbox
import Testing

/// How runs end that do not come to their own end: in the middle of a request, of a wait and of a `foreach`, with real processes.
@Suite(.timeLimit(.minutes(5))) struct EndTests {
    private static let names = ["request", "wait", "items"]

    /// Recipes that take `seconds`, and then say that they are done.
    private static func files(taking seconds: Int, _ keys: String = "") -> [String: String] {
        let actions = [
            "request": "  - get: /api/v5/me?delay=\(seconds)s",
            // Beside each other, so that it stays in memory.
            "wait": "  - foreach: \"[1, 2]\"\n    concurrency: 2\n    wait: \(seconds)s",
            "items": "  - foreach: \"[1, 2, 3, 4]\"\n    concurrency: 4\n    get: /api/v5/me?delay=\(seconds)s",
        ]
        return Dictionary(
            uniqueKeysWithValues: actions.map { name, actions in
                let text = """
                    trigger: { interval: 30d, run_on_start: true }
                    \(keys)
                    connection: api
                    actions:
                      - log: ${{ recipe.name }} begun, attempt ${{ run.attempt }}
                    \(actions)
                      - log: ${{ recipe.name }} done
                    finally:
                      - log: ${{ recipe.name }} cleaned up

                    """
                return ("\(name).yml", text)
            }
        )
    }

    private func records(_ program: Program) async throws -> [String: Value] {
        Dictionary(try await runs(program).map { ($0["recipe"]?.string ?? "", $0) }) { first, _ in first }
    }

    @Test func `a run that takes too long times out, and its finally runs`() async throws {
        try await SandboxWorkspace.serve(Self.files(taking: 60, "timeout: 1s")) { _, program, _ in
            let process = try await program.start(["start"])
            #expect(
                try await eventually { try await records(program).values.count { $0["status"] == "timed_out" } == 3 }
            )
            process.send(SIGTERM)
            #expect(try await process.outcome().status == 0)
            for name in Self.names {
                #expect(process.errors.contains("\(name) cleaned up"))
                #expect(!process.errors.contains("\(name) done"))
                #expect(
                    try await records(program)[name]?["reason"]?.string == "the run took longer than its timeout of 1s"
                )
            }
        }
    }

    @Test func `SIGTERM lets end what ends within the grace`() async throws {
        try await SandboxWorkspace.serve(Self.files(taking: 2)) { _, program, _ in
            let process = try await program.start(["start"])
            #expect(await eventually { Self.names.allSatisfy { process.errors.contains("\($0) begun") } })
            process.send(SIGTERM)
            #expect(try await process.outcome().status == 0)
            for name in Self.names {
                #expect(process.errors.contains("\(name) done"))
                #expect(process.errors.contains("\(name) cleaned up"))
                #expect(try await records(program)[name]?["status"] == "succeeded")
            }
        }
    }

    @Test func `what does not end within the grace is interrupted, and the next process goes on with it`() async throws
    {
        var files = Self.files(taking: 60)
        files["runner.yml"] = "shutdown_grace: 1s\n"
        let texts = files
        try await SandboxWorkspace.serve(texts) { _, program, directory in
            let first = try await program.start(["start"])
            #expect(await eventually { Self.names.allSatisfy { first.errors.contains("\($0) begun") } })
            first.send(SIGTERM)
            #expect(try await first.outcome().status == 0)
            for name in Self.names {
                #expect(!first.errors.contains("\(name) cleaned up"))
                let run = try await records(program)[name]
                #expect(run?["status"] == "interrupted")
                #expect(run?["reason"]?.string.hasPrefix("shutdown: ") == true)
            }
            // It goes on with the text that it began with; nothing else begins.
            for name in Self.names {
                let text = texts["\(name).yml"] ?? ""
                try directory.write(text.replacing(", run_on_start: true", with: ""), to: "\(name).yml")
            }
            let second = try await program.start(["start"])
            #expect(
                try await eventually {
                    try await records(program).values.count { $0["status"] == "running" && $0["attempt"] == 2 } == 3
                }
            )
            for name in Self.names {
                let id = try await records(program)[name]?["id"]?.string ?? ""
                #expect(try await program.run("cancel", id).status == 0)
                #expect(second.errors.contains("\(name) cleaned up"))
                #expect(!second.errors.contains("\(name) begun"))
            }
            second.send(SIGTERM)
            #expect(try await second.outcome().status == 0)
            #expect(try await records(program).values.allSatisfy { $0["status"] == "cancelled" })
        }
    }

    @Test func `on_interrupt says what becomes of a run whose process was killed`() async throws {
        func recipe(_ policy: String) -> String {
            """
            trigger: { interval: 30d, run_on_start: true }
            on_interrupt: \(policy)
            actions:
              - log: \(policy) begun, attempt ${{ run.attempt }}
              - { foreach: "[1, 2]", concurrency: 2, wait: "${{ run.attempt == 1 ? '60s' : '1ms' }}" }
              - log: \(policy) done
            on_failure:
              - log: "\(policy): ${{ error.message }}"

            """
        }
        let policies = ["resume", "restart", "fail"]
        var files = Dictionary(uniqueKeysWithValues: policies.map { ("\($0).yml", recipe($0)) })
        files["runner.yml"] = "shutdown_grace: 1s\n"
        let directory = try TemporaryDirectory(files)
        let program = Program(in: directory.path)
        let first = try await program.start(["start"])
        #expect(await eventually { policies.allSatisfy { first.errors.contains("\($0) begun") } })
        // The first action is recorded when the next one has begun.
        #expect(
            try await eventually {
                let id = try await records(program)["resume"]?["id"]?.string ?? ""
                return try await program.run("show", id, "--json").json["actions"]?.items.count == 3
            }
        )
        first.send(SIGKILL)
        _ = try await first.outcome()
        let second = try await program.start(["start"])
        #expect(
            try await eventually {
                try await runs(program).count { ["succeeded", "failed"].contains($0["status"]?.string ?? "") } >= 3
            }
        )
        #expect(!second.errors.contains("resume begun, attempt 2") && second.errors.contains("resume done"))
        #expect(second.errors.contains("restart begun, attempt 2") && second.errors.contains("restart done"))
        #expect(second.errors.contains("fail: its process ended before it was done (on_interrupt: fail)"))
        second.send(SIGTERM)
        #expect(try await second.outcome().status == 0)
    }
}
