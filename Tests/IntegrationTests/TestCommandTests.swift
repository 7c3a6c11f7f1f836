import CEL
import Foundation
import Testing

@Suite(.timeLimit(.minutes(3))) struct TestCommandTests {
    private static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private static let recipe = "actions:\n  - { id: a, get: \"https://api.example.invalid/a\" }\n"

    @Test func `passes with 0, fails with 1 and a diff, refuses with 2`() async throws {
        let directory = try TemporaryDirectory([
            "a.yml": Self.recipe,
            "a.test.yml": "responses: [{ get: /a, json: { n: 1 } }]\nexpect: { output: { n: 1 } }\n",
        ])
        let program = Program(in: directory.path)
        let good = try await program.run("test")
        #expect(good.status == 0, "\(good)")
        #expect(good.output.hasPrefix("a.test.yml\n  ✓ a  "))
        #expect(good.output.contains("1 test: 1 passed, in "))

        try directory.write("responses: [{ get: /a, json: { n: 1 } }]\nexpect:\n  output: { n: 2 }\n", to: "a.test.yml")
        let bad = try await program.run("test", "a.yml")
        #expect(bad.status == 1)
        let shown = """
                  a.test.yml:3:11: the output is not as expected
                    n
                      - 2
                      + 1
            (- expected, + found)
            1 test: 0 passed, 1 failed, in
            """
        #expect(bad.output.contains(shown), "\(bad.output)")
        let listed = try await program.run("test", "--json", ".")
        #expect(listed.status == 1)
        let failure = listed.json.items.first?["failures"]?.items.first
        #expect(failure?["line"] == 3 && failure?["column"] == 11)
        #expect(failure?["differences"]?.items.first == ["path": "n", "expected": "2", "found": "1"])

        try directory.write("responses: [{ gte: /a }]\n", to: "a.test.yml")
        for words in [["test"], ["validate"], ["validate", "a.test.yml"]] {
            let wrong = try await program.start(words).outcome()
            #expect(wrong.status == 2)
            #expect((wrong.output + wrong.errors).contains("a.test.yml:1:15: error: a response has no key `gte`"))
        }
        #expect(try await program.run("test", "no.test.yml").status == 2)
        try FileManager.default.removeItem(atPath: directory.path + "/a.test.yml")
        let none = try await program.run("test")
        #expect(none.status == 2 && none.errors.contains("write NAME.test.yml beside the recipe"))
        #expect(try await program.run("test", "a.yml").status == 2)
    }

    @Test func `leaves no trace`() async throws {
        let directory = try TemporaryDirectory([
            "a.yml": Self.recipe, "a.test.yml": "responses: [{ get: /a }]\n",
        ])
        let before = directory.contents().keys.sorted()
        #expect(try await Program(in: directory.path).run("test").status == 0)
        #expect(directory.contents().keys.sorted() == before)
    }

    @Test(arguments: ["recipes", "examples"]) func `the tests of what the repository ships pass`(path: String)
        async throws
    {
        let outcome = try await Program(in: Self.repository).run("test", path, "--json")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.json.items.count > 3)
        #expect(outcome.json.items.allSatisfy { $0["passed"] == true })
    }

    /// The blocks of a page that begin with `# PATH`, as files.
    private static func files(ofPage page: String) throws -> [String: String] {
        let text = try String(contentsOfFile: repository + "/docs/" + page, encoding: .utf8)
        var files: [String: String] = [:]
        for block in text.components(separatedBy: "```yaml\n# ").dropFirst() {
            let content = block[..<(block.range(of: "\n```")?.lowerBound ?? block.endIndex)]
            guard let end = content.firstIndex(of: "\n") else { continue }
            files[String(content[..<end])] = String(content[content.index(after: end)...]) + "\n"
        }
        return files
    }

    @Test func `the examples of the documentation pass`() async throws {
        let files = try Self.files(ofPage: "testing.md")
        #expect(files.count == 6)
        let connection = "connector: bearer\nfields: { base_url: { env: URL }, token: { env: TOKEN } }\n"
        let directory = try TemporaryDirectory(
            files.merging(["connections/tracker.yml": connection, "connections/chat.yml": connection]) { first, _ in
                first
            }
        )
        let outcome = try await Program(in: directory.path).run("test")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.output.contains("4 tests: 4 passed"))
    }
}
