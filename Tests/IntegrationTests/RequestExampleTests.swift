import CEL
import Foundation
import Sandbox
import Testing

/// The examples of requests in `examples/actions`: each is run against a sandbox, and must give what it says.
@Suite(.timeLimit(.minutes(3))) struct RequestExampleTests {
    private static let files = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "examples/actions").path

    struct Example: Sendable, CustomTestStringConvertible {
        let file: String
        let output: Value
        /// Requests by endpoint, those of tokens left out.
        let requests: [String: Int]
        var testDescription: String { file }
    }

    private static let pages = "GET /api/v5/issues"
    private static let listed: Value = .map(["issues": 158, "pages": 4])

    static let examples: [Example] = [
        Example(file: "paginate-next.yml", output: listed, requests: [pages: 4]),
        Example(file: "paginate-link.yml", output: listed, requests: [pages: 4]),
        Example(file: "paginate-cursor.yml", output: listed, requests: [pages: 4]),
        Example(file: "paginate-body.yml", output: listed, requests: ["POST /api/v5/issues/search": 4]),
        Example(file: "paginate-page.yml", output: listed, requests: [pages: 4]),
        Example(file: "paginate-offset.yml", output: listed, requests: [pages: 4]),
        Example(
            file: "paginate-do.yml",
            output: .map(["sent": 158, "pages": 4, "urgent": 37]),
            requests: [pages: 4, "POST /api/v5/messages": 158]
        ),
        Example(file: "multipart.yml", output: ["title", "tags", "tags", "meta", "file"], requests: ["POST /echo": 1]),
        Example(file: "save-to.yml", output: .map(["bytes": 100_000]), requests: ["GET /file": 1]),
        Example(file: "rate-limit.yml", output: .map(["attempts": 2]), requests: ["GET /api/v5/me": 2]),
    ]

    @Test(arguments: examples) func `gives what it says`(_ example: Example) async throws {
        let directory = try TemporaryDirectory()
        for name in [example.file, "connections/sandbox.yml", "connections/sandbox.secret", "reports/.gitignore"] {
            try directory.write(String(contentsOfFile: Self.files + "/" + name, encoding: .utf8), to: name)
        }
        let sandbox = Sandbox(SandboxConfiguration(items: 250))
        try await sandbox.serve { address in
            let program = Program(in: directory.path, ["SANDBOX_URL": address.baseURL])
            let checked = try await program.run("validate")
            #expect(checked.status == 0 && checked.output.isEmpty, "\(checked.output)")
            let outcome = try await program.run("once", example.file)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.json == example.output)
            let routes = sandbox.statistics().routes.filter { !$0.key.contains("oauth") }
            #expect(routes == example.requests)
        }
    }
}
