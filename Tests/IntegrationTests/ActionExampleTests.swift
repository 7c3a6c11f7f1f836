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
    private static let echo = "GET /echo"

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
        Example(name: "body", output: #""1,Login fails""#, requests: ["POST /echo": 1]),
        Example(name: "call-error", output: #""check/check: fail""#, requests: [me: 1]),
        Example(name: "connection", output: #"["ok","demo"]"#, requests: [health: 1, me: 1]),
        Example(name: "dedupe", output: "[201,201,null]", requests: [message: 2]),
        Example(name: "delete", output: #""gone already""#, requests: ["DELETE /echo": 1]),
        Example(name: "delivery", output: #""accepted""#, requests: [message: 1]),
        Example(name: "expect-failed", error: "the response does not satisfy `expect`", requests: [me: 1]),
        Example(name: "foreach-continue", output: "[200,404,200]", requests: [issue: 3]),
        Example(
            name: "foreach-number",
            error: "`foreach` needs a list, and this is int; write `lists.range(n)`",
            requests: [issues: 1]
        ),
        Example(
            name: "form",
            output: #"{"user":"demo","tags":["a","b"],"note":"1 + 1 = 2"}"#,
            requests: ["POST /echo": 1]
        ),
        Example(name: "head", output: #""application/json""#, requests: [health: 1]),
        Example(name: "headers", output: #"["de, en;q=0.5","headers","false"]"#, requests: [echo: 1]),
        Example(name: "idempotency-key", output: "true", requests: [message: 2]),
        Example(name: "inputs-secret", output: "true"),
        Example(name: "interval", output: #"["to"]"#, requests: [echo: 1]),
        Example(name: "last-success", output: "0", requests: [echo: 1]),
        Example(
            name: "max-bytes",
            error: "the body is larger than 1024 bytes; raise `max_bytes`",
            requests: ["GET /file": 1]
        ),
        Example(name: "max-pages", output: #"{"issues":20,"pages":2}"#, requests: [issues: 2]),
        Example(
            name: "multipart-file",
            output: #""upload.bin""#,
            requests: ["GET /file": 1, "POST /echo": 1]
        ),
        Example(name: "multipart-missing", error: "`file: reports/none.csv`: there is no such file"),
        Example(name: "on-status", output: "[false,true]", requests: [issue: 2]),
        Example(name: "parallel-error", output: #""the first branch""#, requests: [health: 1]),
        Example(name: "patch", output: #""close-12""#, requests: ["PATCH /echo": 1]),
        Example(name: "program", output: ##""{\"rows\":2} eu connections""##),
        Example(name: "program-exit", error: "`sh` ended with exit code 4: no room left"),
        Example(name: "program-missing", output: #""configuration""#),
        Example(name: "program-retry", output: "0"),
        Example(name: "put", output: #"["PUT",1]"#, requests: ["PUT /echo": 1]),
        Example(name: "query", output: #"{"label":["bug","urgent"],"text":"a & b","limit":"5"}"#, requests: [echo: 1]),
        Example(name: "redirects", output: #""/api/v5/me""#, requests: [health: 1]),
        Example(name: "redirects-follow", output: #""ok""#, requests: [echo: 1, health: 1]),
        Example(name: "replay", output: "201", requests: [message: 1]),
        Example(name: "response-bytes", output: #"{"bytes":64,"digest":true}"#, requests: ["GET /file": 1]),
        Example(
            name: "response-no-json",
            error: "200, but the body is no JSON (line 1, column 1: ",
            requests: [health: 1]
        ),
        Example(
            name: "response-not-text",
            error: "the body is no text but binary (application/octet-stream, 64 bytes); write `response: bytes`",
            requests: ["GET /file": 1]
        ),
        Example(name: "response-text", output: ##""{\"status\":\"ok\"}""##, requests: [health: 1]),
        Example(name: "retry-after", output: "2", requests: [echo: 2]),
        Example(name: "retry-do", output: #"["done",true]"#, requests: [health: 2, "POST /echo": 2]),
        Example(name: "retry-recipe", output: "[3,1]", requests: [echo: 3, health: 1]),
        Example(name: "retry-while", output: "3", requests: [echo: 3]),
        Example(name: "timeout", output: #""timeout""#, requests: [health: 1]),
        Example(name: "timeout-do", output: #""timeout""#, requests: [health: 1]),
        Example(name: "timeout-run", error: "the run took longer than its timeout of 300ms"),
        Example(name: "trigger", output: #""once""#),
        Example(name: "until-do", output: "3"),
        Example(name: "use", output: "2", requests: [echo: 1]),
        Example(name: "vars", output: #""2 names: ada, grace""#),
        Example(name: "wait-computed", output: #""waited""#),
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
        let others = [
            "connections/sandbox.yml", "connections/sandbox.secret", "connections/board.yml", "connectors/board.yml",
            "reports/.gitignore",
        ]
        for name in try names().map({ $0 + ".yml" }) + others {
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

    @Test func `there are at least sixty, and together they show every verb and key`() throws {
        let texts = try Self.names().map { try String(contentsOfFile: Self.directory + "/\($0).yml", encoding: .utf8) }
        #expect(texts.count >= 60)
        for key in Self.keys {
            #expect(texts.contains { $0.contains("\(key): ") || $0.contains("\(key):\n") }, "\(key)")
        }
    }

    /// The verbs and keys of recipes, as `docs/recipes.md` lists them.
    private static let keys = [
        "description", "trigger", "connection", "inputs", "vars", "timeout", "retry", "actions", "state", "output",
        "on_success", "on_failure", "finally", "on_interrupt", "delivery", "expect", "alert_after",
        "id", "name", "if", "foreach", "as", "concurrency", "dedupe", "on_error", "until", "every",
        "get", "post", "put", "patch", "delete", "head", "use", "with", "log", "level", "set", "wait", "fail", "stop",
        "do", "parallel", "switch", "when", "else", "call", "run", "shell",
        "query", "headers", "json", "form", "body", "multipart", "file", "on_status", "redirects", "response",
        "paginate",
        "save_to", "idempotency_key", "replay", "max_bytes", "stdin", "env", "cwd", "idempotent",
        "items", "next", "link", "cursor", "param", "page", "offset", "last", "max_pages", "in",
        "attempts", "backoff", "initial", "max", "jitter", "on", "while", "key", "ttl", "filename", "content_type",
        "cron", "timezone", "catch_up", "overlap", "success_every", "max_lateness", "secret", "optional", "enum",
    ]

    @Test func `all of them are valid without a warning`() async throws {
        let workspace = try Self.copy()
        let outcome = try await Program(in: workspace.path).run("validate")
        #expect(outcome.status == 0)
        #expect(outcome.output == "")
    }
}
