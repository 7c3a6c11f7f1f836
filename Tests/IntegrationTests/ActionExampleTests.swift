import CEL
import Foundation
import Sandbox
import Testing

/// The recipes in `examples/actions`, those of requests aside, run as a user would, against a sandbox of its own.
@Suite(.timeLimit(.minutes(3))) struct ActionExampleTests {
    /// What a run of an example gives.
    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        /// The output as JSON; nil for a run that fails.
        var output: String?
        /// The message of a run that fails.
        var error: String?
        /// What the sandbox was asked, tokens aside.
        var requests: [String: Int] = [:]
        var testDescription: String { name }
    }

    private static let me = "GET /api/v5/me"
    private static let issues = "GET /api/v5/issues"
    private static let issue = "GET /api/v5/issues/:id"
    private static let message = "POST /api/v5/messages"
    private static let health = "GET /health"

    static let examples: [Example] = [
        Example(name: "call", output: #"["open","closed"]"#, requests: [issues: 2]),
        Example(name: "do", output: #""demo sees 1""#, requests: [me: 1, issues: 1]),
        Example(name: "expect", output: "[404,200]", requests: [issue: 1, me: 1]),
        Example(name: "fail", error: "`check`: demo is no admin", requests: [me: 1]),
        Example(name: "finally", output: #""over""#, requests: [message: 1]),
        Example(name: "foreach", output: "[201,201]", requests: [issues: 1, message: 2]),
        Example(name: "get", output: #""demo""#, requests: [me: 1]),
        Example(name: "if", output: #"{"alarmed":false}"#, requests: [health: 1]),
        Example(name: "inputs", output: #"["open","open"]"#, requests: [issues: 1]),
        Example(name: "log", output: #""done""#),
        Example(name: "on_error", output: #"{"optional":404,"note":"handled answered 404"}"#, requests: [issue: 2]),
        Example(name: "on_failure", error: "the server answered 404", requests: [issue: 1, message: 1]),
        Example(name: "on_success", output: #""well""#, requests: [health: 1, message: 1]),
        Example(name: "output", output: #"{"titles":3,"count":30}"#, requests: [issues: 1]),
        Example(name: "parallel", output: #"{"user":"demo","closed":5}"#, requests: [me: 1, issues: 1]),
        Example(name: "post", output: #""accepted""#, requests: [message: 1]),
        Example(name: "retry", output: "3", requests: ["POST /echo": 3]),
        Example(name: "run", output: #"["open","closed"]"#, requests: [issues: 1]),
        Example(name: "set", output: #""hello, world""#),
        Example(name: "shell", output: #"{"words":3,"code":3}"#),
        Example(name: "state", output: "1", requests: [issues: 1]),
        Example(name: "stop", output: #""stopped""#, requests: [issues: 1]),
        Example(name: "switch", output: #""well""#, requests: [health: 1, me: 1]),
        Example(name: "until", output: #""GET""#, requests: ["GET /echo": 3]),
        Example(name: "wait", output: "200", requests: [health: 2]),
    ]

    private static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    private static let directory = repository + "/examples/actions"

    /// The names of the recipes that are there.
    private static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory)
            .filter { $0.hasSuffix(".yml") && !$0.hasSuffix(".test.yml") }
            .map { String($0.dropLast(4)) }.sorted()
    }

    /// A copy, so that no store is left in the checkout.
    private static func copy() throws -> TemporaryDirectory {
        let copy = try TemporaryDirectory()
        for name in try names().map({ $0 + ".yml" }) + ["connections/sandbox.yml", "connections/sandbox.secret"] {
            try copy.write(String(contentsOfFile: directory + "/" + name, encoding: .utf8), to: name)
        }
        return copy
    }

    @Test(arguments: examples) func `does what its description says`(_ example: Example) async throws {
        let workspace = try Self.copy()
        let sandbox = Sandbox()
        let outcome = try await sandbox.serve { address in
            try await Program(in: workspace.path, ["SANDBOX_URL": address.baseURL]).run("once", "\(example.name).yml")
        }
        if let output = example.output {
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.json.json() == output)
        } else {
            #expect(outcome.status == 1)
            #expect(outcome.output == "")
        }
        if let error = example.error { #expect(outcome.errors.contains(error), "\(outcome.errors)") }
        let routes = sandbox.statistics().routes.filter { !$0.key.hasSuffix("/token") }
        #expect(routes == example.requests)
    }

    @Test func `every example has an expectation, and a line in the documentation`() throws {
        let names = try Self.names()
        let requests = RequestExampleTests.examples.map { String($0.file.dropLast(4)) }
        #expect(names == (Self.examples.map(\.name) + requests).sorted())
        let page = try String(contentsOfFile: Self.repository + "/docs/recipes.md", encoding: .utf8)
        for name in names { #expect(page.contains("(../examples/actions/\(name).yml)"), "\(name)") }
    }

    @Test func `all of them are valid without a warning`() async throws {
        let workspace = try Self.copy()
        let outcome = try await Program(in: workspace.path).run("validate")
        #expect(outcome.status == 0)
        #expect(outcome.output == "")
    }
}
