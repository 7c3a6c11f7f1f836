import CEL
import Testing

@Suite(.timeLimit(.minutes(2))) struct CronCommandTests {
    @Test func `explains, says what the clocks do, and lists fires with offset and distance`() async throws {
        let directory = try TemporaryDirectory()
        let program = Program(in: directory.path)
        let words = ["cron", "30 2 * * *", "--timezone", "Europe/Paris", "--from", "2026-03-28", "-n", "2"]
        let outcome = try await program.start(words).outcome()
        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "at 02:30, every day")
        #expect(lines.contains("  2026-03-29T02:30:00 does not exist: fires at 2026-03-29T03:00:00+02:00 instead"))
        #expect(lines.contains { $0.hasPrefix("2026-03-29T03:00:00+02:00  Sunday") })
        let object = try await program.start(words + ["--json"]).outcome().json
        #expect(object["repeats"] == .bool(false))
        #expect(
            object["fires"]?.items.map { $0["local"]?.string } == [
                "2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00",
            ]
        )
        #expect(object["fires"]?.items.first?["offset_s"] == .int(3_600))
    }

    @Test func `takes an interval too, hashed from the recipe's name`() async throws {
        // So long that none passes between the two commands.
        let directory = try TemporaryDirectory(["a.yml": "trigger: { interval: 30d }\nactions:\n  - log: hi\n"])
        let program = Program(in: directory.path)
        let object = try await program.run("cron", "30d", "--recipe", "a", "-n", "1", "--json").json
        let next = try await program.run("next", "a", "-n", "1", "--json").json
        #expect(object["explanation"] == .string("every 30d, without drift"))
        #expect(object["repeats"] == .null)
        let (fire, known) = (object["fires"]?.items.first?["at"], next.items.first?["scheduled_at"])
        #expect(fire != nil && fire == known)
    }

    /// Each row: the expression, the underlined part, and a piece of the mend.
    @Test(arguments: [
        ("61 * * * *", "^~", "0 to 59"), ("* * 31 2 *", "    ^~~~", "29 days"), ("*/0 * * * *", "  ^", "1 or more"),
        ("0 0 * * MON-", "        ^~~~", "MON-FRI"), ("5 parsecs", " ^~~~~~~~", "the units are"),
        ("0s", "^~", "90s"),
    ])
    func `a mistake is shown with a caret and the mend`(expression: String, caret: String, mend: String) async throws {
        let directory = try TemporaryDirectory()
        let outcome = try await Program(in: directory.path).run("cron", expression)
        #expect(outcome.status == 2 && outcome.output.isEmpty)
        #expect(outcome.errors.contains("1 | \(expression)\n  | \(caret)\n"), "\(outcome.errors)")
        #expect(outcome.errors.contains(mend))
    }

    @Test func `a zone that does not exist is answered with the one that was meant`() async throws {
        let directory = try TemporaryDirectory()
        let program = Program(in: directory.path)
        let outcome = try await program.run("cron", "@daily", "--timezone", "Europe/Pariss")
        #expect(outcome.status == 2)
        #expect(outcome.errors == "runner: unknown time zone \"Europe/Pariss\"; did you mean Europe/Paris?\n")
        #expect(try await program.run("cron", "@daily", "--from", "25:00").status == 2)
    }
}
