import CEL
import Foundation
import Sandbox
import Testing

@Suite(.timeLimit(.minutes(3))) struct CommandTests {
    @Test func `validate points at the place, shows the line, and exits 2`() async throws {
        let directory = try TemporaryDirectory(["bad.yml": "actions:\n  - lgo: hi\n"])
        let outcome = try await Program(in: directory.path).run("validate")
        #expect(outcome.status == 2)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.first?.hasPrefix("bad.yml:2:5: error: ") == true)
        #expect(outcome.output.contains("- lgo: hi"))
        #expect(outcome.output.contains("`log`"))
        let json = try await Program(in: directory.path).run("validate", "--json").json
        #expect(json.items.first?["line"] == .int(2))
    }

    @Test func `usage errors are exit 2, help is exit 0`() async throws {
        let directory = try TemporaryDirectory(["a.yml": "actions:\n  - log: hi\n"])
        let program = Program(in: directory.path)
        for words in [["onec"], ["once"], ["once", "nothing.yml"], ["runs", "--limit", "x"], ["next", "-n", "0"]] {
            let outcome = try await program.start(words).outcome()
            #expect(outcome.status == 2, "\(words): \(outcome)")
            #expect(!outcome.errors.isEmpty && outcome.output.isEmpty)
        }
        // There is no store before the first run.
        #expect(try await program.run("show", "zzz").status == 3)
        #expect(try await program.run("once", "a.yml").status == 0)
        #expect(try await program.run("show", "zzz").status == 2)
        #expect(try await program.run("runs", "--status", "odd").status == 2)
        #expect(try await program.run("--help").status == 0)
        #expect(try await program.run("once", "--help").status == 0)
    }

    @Test func `listings are arrays for programs`() async throws {
        let recipe = "trigger: { cron: \"0 8 * * *\", timezone: Europe/Paris }\nactions:\n  - log: hi\n"
        let directory = try TemporaryDirectory(["a.yml": recipe, "connections/api.yml": "connector: none\n"])
        let program = Program(in: directory.path)
        #expect(try await program.run("once", "a.yml").status == 0)
        let runs = try await program.run("runs", "--json").json
        #expect(runs.items.count == 1)
        for key in [
            "id", "recipe", "trigger", "scheduled_at", "started_at", "finished_at", "status", "reason", "lateness_ms",
        ] {
            #expect(runs.items.first?[key] != nil, "\(key)")
        }
        let id = runs.items.first?["id"]?.string ?? ""
        #expect(try await program.run("show", id, "--json").json["actions"]?.items.count == 1)
        let list = try await program.run("list", "--json").json
        #expect(list.items.first?["last"]?["id"] == .string(id))
        #expect(try await program.run("next", "a", "-n", "3", "--json").json.items.count == 3)
        #expect(try await program.run("connections", "--json").json.items.count == 1)
        #expect(try await program.run("connectors", "--json").json.items.count >= 5)
        let shown = try await program.run("connectors", "show", "bearer")
        #expect(shown.output.contains("Authorization: \"Bearer ${{ connection.token }}\""))
    }

    @Test func `eval gives value, type and cost, or the place and the mend`() async throws {
        let directory = try TemporaryDirectory(["in.yml": "items: [{n: 1}, {n: 5}]\n"])
        let program = Program(in: directory.path)
        let outcome = try await program.run("eval", "items.filter(i, i.n > 2)", "--input", "in.yml")
        #expect(outcome.status == 0)
        #expect(outcome.output == "[{\"n\":5}]\n")
        #expect(outcome.errors.hasPrefix("list(map(string, dyn)), "))
        for words in [["eval", "-1"], ["eval", "--", "-1"], ["eval", "--json", "--", "1 - 2"]] {
            let outcome = try await program.start(words).outcome()
            #expect(outcome.status == 0 && outcome.output.contains("-1"), "\(words): \(outcome)")
        }
        let json = try await program.run("eval", "hash.md5('')", "--json").json
        #expect(json["type"] == "string")
        #expect(json["steps"] == 0)
        let wrong = try await program.run("eval", "itms", "-i", "in.yml")
        #expect(wrong.status == 2)
        #expect(wrong.errors.contains("expression:1:1: error:") && wrong.errors.contains("did you mean 'items'?"))
        let failed = try await program.run("eval", "1 / (items.size() - 2)", "-i", "in.yml", "--json")
        #expect(failed.status == 1)
        #expect(failed.json["errors"]?.items.first?["message"] == "division by zero")
        for words in [["eval"], ["eval", "1", "+", "2"], ["eval", "1", "-i", "none.yml"], ["eval", "1 +"]] {
            let outcome = try await program.start(words).outcome()
            #expect(outcome.status == 2, "\(words): \(outcome)")
            #expect(!outcome.errors.isEmpty && outcome.output.isEmpty)
        }
    }

    @Test func `a port that is taken is exit 3`() async throws {
        try await Sandbox().serve { address in
            let directory = try TemporaryDirectory()
            let outcome = try await Program(in: directory.path).run("sandbox", "--port", "\(address.port)")
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("\(address.port)"))
        }
    }
}
