import CEL
import Foundation
import Sandbox
import Testing

/// `cancel`, `resume` and `rerun`, with real processes.
@Suite(.timeLimit(.minutes(5))) struct RunChangeTests {
    private func run(of recipe: String, _ status: String, _ program: Program) async throws -> Value? {
        try await program.run("runs", recipe, "--status", status, "--json").json.items.first
    }

    @Test func `cancel reaches a running process: in a request, in a wait, in a foreach, and what waits`() async throws
    {
        let rest = "\nfinally:\n  - log: \"${{ recipe.name }} cleaned up\"\n"
        func recipe(_ actions: String, overlap: String = "skip") -> String {
            "trigger: { interval: 1d, run_on_start: true, overlap: \(overlap) }\nconnection: api\nactions:\n\(actions)\(rest)"
        }
        let files = [
            "request.yml": recipe("  - get: /api/v5/me?delay=60s"),
            "wait.yml": recipe("  - log: begun\n  - wait: 4s\n  - wait: 60s"),
            "items.yml": recipe("  - foreach: \"[1, 2, 3, 4]\"\n    concurrency: 2\n    get: /api/v5/me?delay=60s"),
        ]
        try await SandboxWorkspace.serve(files) { _, program, _ in
            let process = try await program.start(["start"])
            for name in ["request", "wait", "items"] {
                #expect(try await eventually { try await run(of: name, "running", program) != nil })
                let id = try await run(of: name, "running", program)?["id"]?.string ?? ""
                let outcome = try await program.run("cancel", String(id.prefix(19)), "--note", "enough", "--json")
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.json["status"] == .string("cancelled"))
                #expect(outcome.json["reason"] == .string("cancelled: enough"))
                #expect(process.errors.contains("\(name) cleaned up"))
                let again = try await program.run("cancel", id)
                #expect(again.status == 2)
                #expect(again.errors.contains("is not going: it is cancelled"))
            }
            process.send(SIGTERM)
            #expect(try await process.outcome().status == 0)
            #expect(try await program.run("cancel", "0000").status == 2)
        }
    }

    @Test func `what waits for its turn is cancelled at once`() async throws {
        let directory = try TemporaryDirectory([
            "slow.yml": "trigger: { interval: 500ms, overlap: queue }\nactions:\n  - wait: 4s\n"
        ])
        let program = Program(in: directory.path)
        let process = try await program.start(["start"])
        #expect(try await eventually { try await run(of: "slow", "queued", program) != nil })
        let id = try await run(of: "slow", "queued", program)?["id"]?.string ?? ""
        let outcome = try await program.run("cancel", id, "--json")
        #expect(outcome.json["status"] == .string("cancelled") && outcome.json["started_at"] == .null)
        process.send(SIGTERM)
        #expect(try await process.outcome().status == 0)
    }

    @Test func `cancel reaches once, whose finally runs`() async throws {
        let directory = try TemporaryDirectory([
            "slow.yml": "actions:\n  - wait: 60s\nfinally:\n  - log: cleaned up\n"
        ])
        let program = Program(in: directory.path)
        let process = try await program.start(["once", "slow.yml"])
        #expect(try await eventually { try await run(of: "slow", "running", program) != nil })
        let id = try await run(of: "slow", "running", program)?["id"]?.string ?? ""
        #expect(try await program.run("cancel", id).status == 0)
        let outcome = try await process.outcome()
        #expect(outcome.status == 130)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("cleaned up"))
        #expect(outcome.errors.contains("run \(id) was cancelled"))
    }

    @Test func `resume does again what failed, and only that; finally runs again`() async throws {
        try await SandboxWorkspace.serve([
            "job.yml": """
            connection: api
            inputs: { text: { type: string } }
            actions:
              - { id: first, post: /api/v5/messages, json: { text: "${{ inputs.text }}" } }
              - { id: handled, fail: no matter, on_error: continue }
              - id: each
                foreach: "[1, 2, 3]"
                get: "${{ item == 2 && run.attempt == 1 ? '/nothing' : '/api/v5/me' }}"
                output: ${{ item }}
            output: { all: "${{ actions.each }}", error: "${{ actions.handled.error.message }}" }
            state: { last: "${{ inputs.text }}" }
            finally:
              - log: cleaned up
            """
        ]) { sandbox, program, _ in
            let failed = try await program.run("once", "job.yml", "--input", "text=hello")
            #expect(failed.status == 1)
            let id = try await run(of: "job", "failed", program)?["id"]?.string ?? ""
            let requests = sandbox.statistics().routes["GET /api/v5/me"] ?? 0

            // From the action that failed on, but the first attempt of a new run fails there as well.
            let rerun = try await program.run("rerun", id, "--from", "each")
            #expect(rerun.status == 1)
            #expect(rerun.errors.contains("repeats \(id)"))
            #expect(sandbox.statistics().messages == 1)
            #expect(try await run(of: "job", "failed", program)?["origin"] == .string(id))
            #expect(try await program.run("rerun", id).status == 1)
            #expect(sandbox.statistics().messages == 2)
            #expect(sandbox.statistics().routes["GET /api/v5/me"] == requests + 2)
            let unknown = try await program.run("rerun", id, "--from", "eahc")
            #expect(unknown.status == 2)
            #expect(unknown.errors.contains("there is no action `eahc`"))

            let resumed = try await program.run("resume", id)
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(resumed.json == ["all": [1, 2, 3], "error": "no matter"])
            #expect(resumed.errors.contains("cleaned up"))
            #expect(sandbox.statistics().messages == 2)
            // The first item was done before.
            #expect(sandbox.statistics().routes["GET /api/v5/me"] == requests + 4)
            #expect(try await program.run("show", id, "--json").json["attempt"] == .int(2))
        }
    }

    @Test func `resume goes on where a killed once stopped, and rerun works without the file`() async throws {
        let directory = try TemporaryDirectory([
            "job.yml": """
            inputs: { word: { default: hello } }
            actions:
              - { id: a, log: "first ${{ inputs.word }}", output: "${{ inputs.word + '!' }}" }
              - wait: "${{ run.attempt == 1 ? '60s' : '1ms' }}"
              - log: last
            output: ${{ actions.a }}
            state: { word: "${{ inputs.word }}" }
            """
        ])
        let program = Program(in: directory.path)
        let process = try await program.start(["once", "job.yml", "--input", "word=world"])
        #expect(await eventually { process.errors.contains("first world") })
        #expect(try await eventually { try await run(of: "job", "running", program) != nil })
        let id = try await run(of: "job", "running", program)?["id"]?.string ?? ""
        let live = try await program.run("resume", id)
        #expect(live.status == 2)
        #expect(live.errors.contains("it is under way"))
        process.send(SIGKILL)
        _ = try await process.outcome()
        try FileManager.default.removeItem(atPath: directory.path + "/job.yml")
        let resumed = try await program.run("resume", id)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.json == .string("world!"))
        #expect(resumed.errors.contains("last") && !resumed.errors.contains("first"))
        let over = try await program.run("resume", id)
        #expect(over.status == 2)
        #expect(over.errors.contains("it has succeeded; `runner rerun \(id)`"))
        let rerun = try await program.run("rerun", id, "--from", "log[2]")
        #expect(rerun.errors.contains("repeats \(id)"))
        #expect(rerun.errors.contains("last") && !rerun.errors.contains("first"))
        #expect(rerun.json == .string("world!"))
    }
}
