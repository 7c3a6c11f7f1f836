import CEL
import Foundation
import Recipe
import TestSupport
import Testing

@testable import Connections

struct SecretResolverTests {
    private func resolve(
        _ source: FieldSource,
        root: String = "/",
        environment: [String: String] = [:],
        limit: Duration = .seconds(30)
    ) async throws -> Value {
        try await SecretResolver(environment: environment, workspaceRoot: root, commandLimit: limit)
            .resolve(source, field: "password", connection: "crm")
    }

    @Test func `reads environment, literals and defaults`() async throws {
        #expect(try await resolve(.env("A", default: nil), environment: ["A": ""]) == "")
        #expect(try await resolve(.env("B", default: "x"), environment: [:]) == "x")
        #expect(try await resolve(.literal(5)) == 5)
    }

    @Test func `a missing variable is named with field, connection and mend`() async throws {
        let error = await #expect(throws: ConnectionError.self) { try await resolve(.env("CRM_KEY", default: nil)) }
        let message = try #require(error?.message)
        for word in ["CRM_KEY", "`password`", "`crm`", ".env"] { #expect(message.contains(word)) }
    }

    @Test func `reads files and credentials without the last line break`() async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "secrets-\(UUID())")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        try "line one\nline two\r\n".write(to: root.appending(path: "key.pem"), atomically: true, encoding: .utf8)
        #expect(try await resolve(.file("key.pem"), root: root.path) == "line one\nline two")
        #expect(try await resolve(.file(root.path + "/key.pem")) == "line one\nline two")
        #expect(
            try await resolve(.credential("key.pem"), environment: ["CREDENTIALS_DIRECTORY": root.path])
                == "line one\nline two"
        )
        let error = await #expect(throws: ConnectionError.self) { try await resolve(.file("gone"), root: root.path) }
        #expect(error?.message.contains("gone cannot be read: No such file") == true)
        await #expect(throws: ConnectionError.self) {
            try await resolve(.credential("../key.pem"), environment: ["CREDENTIALS_DIRECTORY": root.path])
        }
    }

    @Test func `a command gives its first line`() async throws {
        #expect(try await resolve(.command(["printf", "one\\ntwo\\n"])) == "one")
        #expect(try await resolve(.command(["printf", "one\\r\\ntwo"])) == "one")
        // It breaks a line on paper only.
        #expect(try await resolve(.command(["printf", "one\u{2028}two\\n"])) == "one\u{2028}two")
    }

    @Test(arguments: ["key\n", "key\r\n", "key\n\n", "key\r\n\n", "\u{FEFF}key\n"])
    func `no value ends in a line break`(_ text: String) async throws {
        let directory = try TemporaryFiles(["key": text])
        #expect(try await resolve(.file("key"), root: directory.path) == "key")
        guard !text.hasPrefix("\u{FEFF}") else { return }
        #expect(try await resolve(.env("KEY", default: nil), environment: ["KEY": text]) == "key")
    }

    @Test func `what must be given must not be empty`() async throws {
        let directory = try TemporaryFiles(["empty": "\n"])
        let environment = ["EMPTY": "", "CREDENTIALS_DIRECTORY": directory.path]
        let resolver = SecretResolver(environment: environment, workspaceRoot: directory.path)
        for (source, origin) in [
            (FieldSource.env("EMPTY", default: nil), "the environment variable EMPTY"), (.file("empty"), "empty"),
            (.credential("empty"), "the systemd credential `empty`"),
        ] {
            #expect(try await resolver.resolve(source, field: "key", connection: "crm") == "")
            let error = await #expect(throws: ConnectionError.self) {
                try await resolver.resolve(source, field: "key", connection: "crm", isRequired: true)
            }
            #expect(error?.message == "\(origin) is empty, and the field `key` of the connection `crm` needs it")
        }
        // An empty default is meant so.
        #expect(
            try await resolver.resolve(.env("GONE", default: ""), field: "key", connection: "crm", isRequired: true)
                == ""
        )
    }

    @Test(arguments: [
        (["sh", "-c", "echo hidden-words >&2; exit 3"], "failed"), (["no-such-program-here"], "could not be run"),
        (["true"], "printed nothing"), (["sleep", "20"], "did not end within"),
    ])
    func `a command that fails says so without its arguments and output`(_ words: [String], _ expected: String)
        async throws
    {
        let error = await #expect(throws: ConnectionError.self) {
            try await resolve(.command(words), limit: words.first == "sleep" ? .milliseconds(300) : .seconds(30))
        }
        let message = try #require(error?.message)
        #expect(message.contains(expected), "\(message)")
        #expect(!message.contains("hidden"))
    }

    @Test func `a listing knows what of a group can be told without running a program`() async throws {
        let connector = """
            fields:
              - name: keys
                type: object
                properties:
                  - { name: run, control_type: password }
                  - { name: here, control_type: password }
                  - { name: there, control_type: password }
            authorization: { type: api_key, apply: { headers: { X-Key: "${{ connection.keys.here }}" } } }
            """
        let connection =
            "connector: api\nfields: { keys: { run: { command: [false] }, here: in-the-file, there: { env: SECRET } } }\n"
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: connector, connection: connection) { (rig: Rig) async throws in
                await rig.manager.learnSecrets(of: [rig.connection])
                #expect(rig.redactor.redact("a in-the-file b \(Rig.secret) c") == "a ••• b ••• c")
            }
        }
    }
}
