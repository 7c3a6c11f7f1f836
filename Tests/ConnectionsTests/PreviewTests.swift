import CEL
import Connections
import Recipe
import Schedule
import Store
import TestSupport
import Testing

/// What a request would be, without a secret, a token or a packet.
struct PreviewTests {
    private static func header(_ name: String, of preview: RequestPreview) -> String? {
        preview.headers.first { $0.name.lowercased() == name }?.value
    }

    /// Previews the connection `text` of built-in connectors; no variable is set, and nobody may be asked.
    private func run(
        _ text: String,
        connector: String? = nil,
        _ body: (Rig, ScriptedServer) async throws -> Void
    ) async throws {
        try await ScriptedServer.run { _ in
            Issue.record("something was sent")
            return .json("{}")
        } _: { server in
            try await Rig.run(server, connector: connector, connection: text, environment: [:]) {
                (rig: Rig) async throws in
                try await body(rig, server)
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test(arguments: [
        ("bearer", "token: { env: UNSET }", "authorization", "Bearer •••"),
        ("basic", "username: ada, password: { command: [touch, /nowhere/x] }", "authorization", "Basic •••"),
        ("api_key", "api_key: { file: none }, name: X-Mine", "x-mine", "•••"),
        ("digest", "username: ada, password: { env: UNSET }", "authorization", "Digest •••"),
        ("hmac", "key_id: k, secret: { env: UNSET }", "x-signature", "•••"),
        (
            "aws_sigv4", "access_key_id: AKIA, secret_access_key: { env: UNSET }, region: a, service: b",
            "authorization", "AWS4-HMAC-SHA256 •••"
        ),
        (
            "oauth2_client_credentials", "token_url: /token, client_id: me, client_secret: { env: UNSET }",
            "authorization", "Bearer •••"
        ),
    ])
    func `each connector's part is there, masked`(
        _ connector: String,
        _ fields: String,
        _ name: String,
        _ value: String
    ) async throws {
        try await run("connector: \(connector)\nfields: { base_url: BASE, \(fields) }") {
            (rig: Rig, server: ScriptedServer) async throws in
            var request = PreparedRequest(.post, "/items")
            request.query = [("a", "x y")]
            request.body = .json(["n": 1])
            let preview = try await rig.session.preview(request)
            #expect(preview.method == "POST")
            #expect(preview.url == "\(server.baseURL)/items?a=x%20y")
            #expect(Self.header(name, of: preview) == value)
            #expect(Self.header("content-type", of: preview) == "application/json")
            #expect(Self.header("user-agent", of: preview) == "runner/test")
            #expect(preview.body == #"{"n":1}"#)
            #expect(preview.needsToken == connector.hasPrefix("oauth2"))
        }
    }

    @Test func `secrets in the query and in the body are masked, what is public is not`() async throws {
        let connector = """
            fields: [ { name: base_url }, { name: key, control_type: password }, { name: site, default: blue } ]
            authorization:
              type: api_key
              apply:
                query: { key: "${{ connection.key }}", site: "${{ connection.site }}" }
                body: { sign: "${{ hash.sha256(connection.key) }}", site: "${{ connection.site }}" }
            base_uri: ${{ connection.base_url }}
            """
        try await run("connector: api\nfields: { base_url: BASE, key: { env: UNSET } }", connector: connector) {
            (rig: Rig, server: ScriptedServer) async throws in
            var request = PreparedRequest(.post, "/x")
            request.body = .form([("a", "1")])
            let preview = try await rig.session.preview(request)
            #expect(preview.url == "\(server.baseURL)/x?key=•••&site=blue")
            #expect(preview.body == "a=1&sign=•••&site=blue")
        }
    }

    @Test func `another origin is refused as in earnest`() async throws {
        try await run("connector: bearer\nfields: { base_url: BASE, token: { env: UNSET } }") {
            (rig: Rig, _: ScriptedServer) async throws in
            await #expect {
                try await rig.session.preview(PreparedRequest(.get, "https://elsewhere.example/"))
            } throws: { error in
                (error as? RequestFailure)?.kind == .origin
            }
        }
    }

    @Test func `a stored token is neither shown nor renewed, and tells where the API is`() async throws {
        let connector = """
            fields: [ { name: login, default: BASE } ]
            authorization:
              type: custom_auth
              acquire: { post: BASE/token, output: { access_token: "access-0001", instance_url: "BASE/eu/", expires_in: 3600 } }
              refresh_on: [401]
              apply: { headers: { Authorization: "Bearer ${{ connection.access_token }}" } }
            base_uri: ${{ connection.?instance_url.orValue(connection.login) }}
            """
        let store = try SQLiteStore.inMemory()
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: connector, connection: "connector: api", store: store) {
                (rig: Rig) async throws in _ = try await rig.get("x")
            }
            #expect(server.count("/token") == 1)
            try await Rig.run(server, connector: connector, connection: "connector: api") {
                (rig: Rig) async throws in
                // Only a sign-in would tell where it is.
                let preview = try await rig.session.preview(PreparedRequest(.get, "me"))
                #expect(preview.url == "(base_uri)/me" && preview.needsToken)
            }
            // Long after its time.
            let clock = ManualClock(SystemClock().now() + .seconds(86_400))
            try await Rig.run(
                server,
                connector: connector,
                connection: "connector: api",
                clock: clock,
                store: store
            ) {
                (rig: Rig) async throws in
                let preview = try await rig.session.preview(PreparedRequest(.get, "me"))
                #expect(preview.url == "\(server.baseURL)/eu/me")
                #expect(Self.header("authorization", of: preview) == "Bearer •••")
                #expect(!preview.needsToken)
                #expect(server.count("/token") == 1)
            }
        }
    }
}
