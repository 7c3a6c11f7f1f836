import CEL
import Foundation
import Sandbox
import Testing

/// What the repository ships: the demo workspace and the examples, validated and run against a sandbox.
@Suite(.timeLimit(.minutes(3))) struct ExampleTests {
    private static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// A copy, so that no store is left in the checkout.
    private static func copy(_ path: String) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        for case let name as String in FileManager.default.enumerator(atPath: repository + "/" + path) ?? .init()
        where !name.hasPrefix(".") {
            var isDirectory: ObjCBool = false
            let source = repository + "/" + path + "/" + name
            guard FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory), !isDirectory.boolValue
            else { continue }
            try directory.write(String(contentsOfFile: source, encoding: .utf8), to: name)
        }
        return directory
    }

    @Test(arguments: ["recipes", "examples/percolate", "examples/connections"]) func `is valid without a warning`(
        path: String
    ) async throws {
        let directory = try Self.copy(path)
        // Whoever uses one sets what it asks for.
        let texts = directory.contents().values.map { String(decoding: $0, as: UTF8.self) }
        let names = texts.flatMap { $0.matches(of: /env: ([A-Z_]+)/).map { String($0.output.1) } }
        let environment = Dictionary(names.map { ($0, "value of \($0)") }) { first, _ in first }
        let outcome = try await Program(in: directory.path, environment).run("validate", "--json")
        #expect(outcome.status == 0)
        // Files of secrets are nobody's to ship, and git does not keep who may read one.
        let expected: Set = ["connection.file", "connection.readable"]
        let found = outcome.json.items.filter { !expected.contains($0["code"]?.string ?? "") }
        #expect(found.isEmpty, "\(outcome.output)")
    }

    @Test func `every recipe of the demo workspace succeeds on one token`() async throws {
        let directory = try Self.copy("recipes")
        let sandbox = Sandbox()
        try await sandbox.serve { address in
            let program = Program(in: directory.path, ["SANDBOX_URL": address.baseURL])
            for file in ["heartbeat.yml", "open-issues.yml", "sync/issues-to-chat.yml"] {
                let outcome = try await program.run("once", file)
                #expect(outcome.status == 0, "\(file): \(outcome.errors)")
                #expect(outcome.json != .null)
            }
        }
        #expect(sandbox.statistics().tokenRequests == 1)
    }

    @Test func `the Percolate example is connected and answers`() async throws {
        let directory = try Self.copy("examples/percolate")
        try await Sandbox().serve { address in
            let program = Program(
                in: directory.path,
                [
                    "PERCOLATE_URL": address.baseURL, "PERCOLATE_CLIENT_ID": "demo-client",
                    "PERCOLATE_CLIENT_SECRET": "demo-secret",
                ]
            )
            let test = try await program.run("connections", "test", "percolate")
            #expect(test.status == 0)
            #expect(test.output.contains("connected"))
            #expect(try await program.run("once", "me.yml").json["data"]?["username"] == .string("demo"))
            #expect(try await program.run("once", "campaigns.yml", "--input", "limit=3").json.items.count == 3)
        }
    }
}
