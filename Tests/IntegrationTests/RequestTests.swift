import CEL
import Foundation
import Testing

/// What people ask of a running process from another one.
@Suite(.timeLimit(.minutes(5))) struct RequestTests {
    @Test func `pause, unpause, trigger and backfill reach a running process`() async throws {
        let directory = try TemporaryDirectory([
            "tick.yml": "trigger: { interval: 300ms }\nactions:\n  - log: tick\n",
            "job.yml": """
            trigger: { cron: "0 * * * *", catch_up_pace: 10ms }
            inputs: { day: { default: today } }
            actions:
              - log: ran ${{ inputs.day }}
            """,
        ])
        let program = Program(in: directory.path)
        let nobody = try await program.run("trigger", "job")
        #expect(nobody.status == 3)
        #expect(nobody.errors.contains("no `runner start` works on this store"))

        let process = try await program.start(["start"])
        #expect(await eventually { process.errors.contains(" ready ") })
        let asked = try await program.run("trigger", "job", "--input", "day=monday")
        #expect(asked.status == 0)
        #expect(await eventually { process.errors.contains("ran monday") })
        let id = asked.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let shown = try await program.run("show", id, "--json")
        #expect(shown.json["cause"] == .string("person") && shown.json["trigger"] == .string("manual"))

        #expect(try await program.run("pause", "tick", "--note", "upgrade").status == 0)
        #expect(
            try await eventually {
                let paused = try await program.run("runs", "tick", "--status", "paused", "--json").json.items
                return paused.count == 1 && paused[0]["missed_count"] != .null
            }
        )
        let listed = try await program.run("list", "--json").json.items.first { $0["recipe"] == .string("tick") }
        #expect(listed?["paused"]?["note"] == .string("upgrade"))
        let before = try await program.run("runs", "tick", "--status", "succeeded", "--json").json.items.count
        #expect(try await program.run("unpause", "tick").status == 0)
        #expect(
            try await eventually {
                try await program.run("runs", "tick", "--status", "succeeded", "--json").json.items.count > before
            }
        )

        let dry = try await program.run(
            "backfill",
            "job",
            "--from",
            "2026-01-01",
            "--to",
            "2026-01-02",
            "--dry-run",
            "--json"
        )
        #expect(dry.json.items.count == 24 && dry.json.items.allSatisfy { $0["run"] == .null })
        let made = try await program.run("backfill", "job", "--from", "2026-01-01", "--to", "2026-01-02", "--json")
        #expect(made.json.items.count == 24)
        #expect(
            try await eventually {
                let runs = try await program.run("runs", "job", "--status", "succeeded", "--json").json.items
                return runs.filter { $0["cause"] == .string("backfill") }.count == 24
            }
        )
        let again = try await program.run("backfill", "job", "--from", "2026-01-01", "--to", "2026-01-02", "--json")
        #expect(again.json.items.isEmpty)
        process.send(SIGTERM)
        #expect(try await process.outcome().status == 0)
    }
}
