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
        for words in [
            ["onec"], ["once"], ["once", "nothing.yml"], ["runs", "--limit", "x"], ["next", "-n", "0"],
            ["sandbox", "--port", "99999"], ["sandbox", "--per-page", "0"],
        ] {
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

    @Test func `a recipe with a mistake is there, and can be paused`() async throws {
        let directory = try TemporaryDirectory(["job.yml": "actions: [{ lgo: hi }]\n"])
        let program = Program(in: directory.path)
        #expect(try await program.run("pause", "job").status == 0)
        let trigger = try await program.run("trigger", "job")
        #expect(trigger.status == 2)
        #expect(trigger.errors == "runner: the recipe `job` has a mistake; `runner validate` shows it\n")
        #expect(try await program.run("unpause", "job").status == 0)
        let again = try await program.run("unpause", "job")
        #expect(again.errors == "job is not paused\n" && again.status == 0)
        #expect(try await program.run("pause", "jop").status == 2)
    }

    @Test func `a directory inside a workspace is checked as a part of it`() async throws {
        let recipe = "connection: api\nactions: [{ get: /me }]\n"
        let directory = try TemporaryDirectory([
            "connections/api.yml": "connector: none\nbase_uri: https://api.example.com\n", "top.yml": "actions: []\n",
            "sync/a.yml": recipe, "sync/deep/b.yml": recipe, "sync/a.test.yml": "respones: []\n",
            "_drafts/c.yml": recipe,
        ])
        let program = Program(in: directory.path)
        func check(_ words: String...) async throws -> (places: [String], status: Int32) {
            let outcome = try await program.start(["validate", "--json"] + words).outcome()
            return (outcome.json.items.compactMap { $0["path"]?.string }, outcome.status)
        }
        #expect(try await check("sync") == (["sync/a.test.yml"], 2))
        #expect(try await check("sync/deep", "_drafts") == ([], 0))
        #expect(try await check("connections").places == ["sync/a.test.yml", "top.yml"])
        try directory.write("connector: nonsense\n", to: "connections/api.yml")
        #expect(try await check("sync/deep").places.contains("connections/api.yml"))
    }

    @Test func `a line of the environment file that gives no variable is a warning, without its text`() async throws {
        let directory = try TemporaryDirectory([
            "a.yml": "actions: [{ log: hi }]\n", ".env": "# comment\n\nA=1\nexport B='2'\nTOKEN: kestrel-4711\n  \n",
        ])
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: directory.path + "/.env")
        let outcome = try await Program(in: directory.path).run("validate")
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("./.env:5:1: warning: this line gives no variable\n"), "\(outcome.output)")
        #expect(outcome.output.contains("write `NAME=value`") && !outcome.output.contains("kestrel"))
    }

    @Test func `once says what a file is that is no recipe`() async throws {
        let directory = try TemporaryDirectory([
            "connections/api.yml": "connector: none\n", "runner.yml": "timezone: UTC\n",
            "a.test.yml": "responses: []\n",
        ])
        let program = Program(in: directory.path)
        for (file, mend) in [
            ("connections/api.yml", "is a connection, not a recipe; `runner connections test api` tries it"),
            ("runner.yml", "holds the workspace's settings, not a recipe; `runner validate runner.yml` checks it"),
            ("a.test.yml", "is a test, not a recipe; `runner test a.test.yml` runs it"),
        ] {
            let outcome = try await program.run("once", file)
            #expect(outcome.status == 2)
            #expect(outcome.errors == "runner: \(file) \(mend)\n")
        }
    }

    @Test func `what two recipes have in common is told once`() async throws {
        let directory = try TemporaryDirectory([
            "a.yml": "actions: [{ call: b }]\n", "b.yml": "actions: [{ lgo: hi }]\n",
        ])
        let problems = try await Program(in: directory.path).run("validate", "a.yml", "b.yml", "--json").json
        #expect(problems.items.map { $0["path"] } == [.string("b.yml")])
    }

    @Test func `a file that is none is said to be that`() async throws {
        let directory = try TemporaryDirectory(["a.yml": "actions:\n  - log: hi\n"])
        let program = Program(in: directory.path)
        let once = try await program.run("once", ".")
        #expect(once.status == 2)
        #expect(once.errors.contains("this is a directory, and a file is expected"), "\(once)")
        let input = try await program.run("once", "a.yml", "--input-file", ".")
        #expect(input.status == 2)
        #expect(
            input.errors == "runner: . cannot be read: this is a directory, and a file is expected; name a file in it\n"
        )
    }

    @Test func `before the first run there are no runs, and a store that is named must be there`() async throws {
        let directory = try TemporaryDirectory(["job.yml": "actions: [{ log: hi }]\n"])
        let program = Program(in: directory.path)
        let none = try await program.run("runs", "--json")
        #expect(none.status == 0 && none.json == .list([]))
        #expect(none.errors.hasPrefix("no runs yet: there is no store at /"), "\(none.errors)")
        #expect(try await program.run("runs").output.isEmpty)
        #expect(try await program.run("runs", "jop", "--json").status == 2)
        let named = try await program.run("runs", "--json", "--store", "other.db")
        #expect(named.status == 3 && named.output.isEmpty)
    }

    @Test func `the runs of a recipe that never was any are not just none`() async throws {
        let directory = try TemporaryDirectory([
            "job.yml": "actions:\n  - log: hi\n", "new.yml": "actions: [{ log: hi }]\n",
        ])
        let program = Program(in: directory.path)
        #expect(try await program.run("once", "job.yml").status == 0)
        let slip = try await program.run("runs", "jop", "--json")
        #expect(slip.status == 2)
        #expect(slip.errors == "runner: there is no recipe `jop`; `job` was probably meant\n")
        for words in [
            ["runs", "new", "--json"], ["runs", "on_alert", "--json"], ["runs", "job", "--status", "failed", "--json"],
        ] {
            #expect(try await program.start(words).outcome().json == .list([]))
        }
        try FileManager.default.removeItem(atPath: directory.path + "/job.yml")
        #expect(try await program.run("runs", "job", "--json").json.items.count == 1)
        #expect(try await program.run("runs", "job", "--status", "failed", "--json").json == .list([]))
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
