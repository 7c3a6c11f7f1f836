import CEL
import Connections
import Foundation
import Recipe
import Schedule
import Store
import Synchronization
import TestSupport
import Testing

/// What the SDK's connection model promises and no other suite shows: fields, what may renew, `test`, and what the loader says.
struct SemanticsTests {
    /// What the loader says of a workspace with this connector and this connection.
    private static func diagnostics(connector: String, connection: String) throws -> String {
        let root = FileManager.default.temporaryDirectory.appending(path: "semantics-\(UUID())")
        defer { try? FileManager.default.removeItem(at: root) }
        for (name, text) in [("connectors/api.yml", connector), ("connections/api.yml", connection)] {
            let file = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let workspace = WorkspaceLoader(root: root.path, systemZone: .utc).load()
        return workspace.diagnostics.map { "\($0)" }.joined(separator: "\n")
    }

    // MARK: Fields

    @Test(arguments: [
        ("{ name: a, optional: false }", "", "the field `a` is missing"),
        ("{ name: a, options: [[One, one], [Two, two]] }", "a: One", "`One`"),
        ("{ name: a, pick_list: [[One, one], [Two, two]] }", "a: three", "write one of `one`, `two`"),
        ("{ name: a }", "b: 1", "has no field `b`"),
        ("{ label: A }", "", "name"),
    ])
    func `a connection's fields are checked when it is read`(
        _ field: String,
        _ value: String,
        _ message: String
    ) throws {
        let said = try Self.diagnostics(
            connector: "fields: [ \(field) ]\nbase_uri: https://api.example/",
            connection: "connector: api\nfields: { \(value) }"
        )
        #expect(said.contains(message), "\(said)")
    }

    @Test func `credentials is the older name of apply`() async throws {
        let tokens = TokenServer()
        let connector = Rig.connector().replacing("  apply:", with: "  credentials:")
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                // Acquire's own request gets none of it.
                #expect(server.requests.first?.header("authorization") == nil)
            }
        }
        let both = Rig.connector(extra: "credentials: { headers: { X-Key: a } }")
        let said = try Self.diagnostics(connector: both, connection: Rig.connection())
        #expect(said.contains("`credentials` is the older name of `apply`, and both are here"), "\(said)")
    }

    @Test func `form behaviour of the SDK is kept as documentation`() throws {
        let connector = """
            fields:
              - { name: kind, control_type: select, options: [[A, a]], extends_schema: true, sticky: true, default: a }
              - { name: key, control_type: password, multiline: true, ngIf: 'input.kind == "a"', label: The key, hint: In PEM }
            base_uri: https://api.example/
            """
        let said = try Self.diagnostics(connector: connector, connection: "connector: api\nfields: { key: { env: K } }")
        #expect(said == "")
    }

    // MARK: What the loader says

    @Test(arguments: [
        ("refresh_on: []", "without `refresh_on` every failed request renews the token, a 404 too"),
        ("refresh_on: [invalid_token]", "`invalid_token` must equal the whole body"),
        ("refresh_on: ['/(/']", "this pattern is not valid"),
        ("refresh_on: [999]", "999 is no HTTP status"),
        ("refresh_on: 401\n  detect_on: '/error/'\n  noopener: true", ""),
    ])
    func `signals that probably mean something else are said`(_ keys: String, _ message: String) throws {
        let connector = """
            authorization:
              type: custom_auth
              acquire: { post: /login }
              apply: { headers: { X-Key: "${{ connection.key }}" } }
              \(keys)
            base_uri: https://api.example/
            """
        let said = try Self.diagnostics(connector: connector, connection: "connector: api")
        let isSaid = message.isEmpty ? said.isEmpty : said.contains(message)
        #expect(isSaid, "\(said)")
    }

    @Test func `a base path without a slash at its end is warned about, and the nested form loads too`() throws {
        let said = try Self.diagnostics(connector: "base_uri: https://api.example/v1", connection: "connector: api")
        #expect(said.contains("relative URLs replace the last part of a base path"), "\(said)")
        let nested =
            "title: X\nconnection:\n  fields: [ { name: a } ]\n  base_uri: https://api.example/\ntest: { get: /me }"
        let other = try Self.diagnostics(connector: nested, connection: "connector: api\nfields: { a: 1 }")
        #expect(other == "")
    }

    // MARK: Apply

    @Test func `apply may branch on where a request goes and on what it is`() async throws {
        let connector = """
            fields: [ { name: base_url }, { name: key, control_type: password } ]
            authorization:
              type: api_key
              apply:
                headers:
                  X-Key: "${{ request.path.startsWith('/open') ? null : connection.key }}"
                  X-Write: "${{ request.method == 'GET' ? null : 'yes' }}"
            base_uri: ${{ connection.base_url }}
            """
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            let fields = "connector: api\nfields: { base_url: BASE, key: { env: SECRET } }"
            try await Rig.run(server, connector: connector, connection: fields) { (rig: Rig) async throws in
                _ = try await rig.get("/open/x")
                _ = try await rig.session.send(PreparedRequest(.post, "/closed"))
                #expect(server.requests[0].header("x-key") == nil && server.requests[0].header("x-write") == nil)
                #expect(server.requests[1].header("x-key") == Rig.secret)
                #expect(server.requests[1].header("x-write") == "yes")
            }
        }
    }

    // MARK: What renews

    @Test func `a broken connection and a timeout say nothing of the token`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run { request in
            switch request.path {
            case "/broken":
                var reply = ScriptedServer.Reply.json("{}")
                reply.breaksOff = true
                return reply
            case "/slow":
                try? await Task.sleep(for: .seconds(20))
                return .json("{}")
            default: return await tokens.answer(request)
            }
        } _: { server in
            // Without `refresh_on` every answer that is a failure renews; these are no answers.
            try await Rig.run(server, connector: Rig.connector(refreshOn: "")) { (rig: Rig) async throws in
                _ = try await rig.get()
                #expect(await rig.failure(PreparedRequest(.get, "/broken"))?.kind == .network)
                var slow = PreparedRequest(.get, "/slow")
                slow.timeout = .milliseconds(200)
                #expect(await rig.failure(slow)?.kind == .timeout)
                #expect(tokens.issued == 1)
                // Whether the slow one had arrived before its time was over depends on the machine.
                #expect(server.count("/broken") == 1 && server.count("/slow") <= 1)
            }
        }
    }

    @Test func `an error inside acquire takes the place of the 401 that asked for it`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                _ = try await rig.get()
                tokens.expireAll()
                tokens.fault.withLock {
                    $0 = .json(#"{"error":"temporarily_unavailable","error_description":"come back"}"#, status: 503)
                }
                let failure = try #require(await rig.failure())
                #expect(failure.kind == .authorization)
                #expect(failure.message.contains("503 temporarily_unavailable (come back)"), "\(failure.message)")
                #expect(server.count("/token") == 2)
            }
        }
    }

    // MARK: Test

    @Test(arguments: [(200, true), (204, true), (302, false), (404, false), (500, false)])
    func `test sends one request, acquires for it, and takes any 2xx`(_ status: Int, _ isFine: Bool) async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run { request in
            request.path == "/token" ? await tokens.answer(request) : ScriptedServer.Reply(status)
        } _: { server in
            let connection = Rig.connection(extra: "test: { get: /ping }")
            try await Rig.run(server, connection: connection) { (rig: Rig) async throws in
                do {
                    let response = try await rig.session.test()
                    #expect(isFine && response.status == status)
                } catch {
                    #expect(!isFine && "\(error)".contains("the server answered \(status)"), "\(error)")
                }
                #expect(server.requests.map(\.path) == ["/token", "/ping"])
                #expect(server.requests.last?.header("authorization") == "Bearer access-token-1")
            }
        }
    }
}
