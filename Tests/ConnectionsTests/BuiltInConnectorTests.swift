import CEL
import Connections
import Crypto
import CryptoExtras
import Foundation
import Recipe
import Schedule
import Store
import Synchronization
import TestSupport
import Testing

/// Each built-in connector against a server that reads what it sends.
struct BuiltInConnectorTests {
    @Test(arguments: BuiltInConnectors.names)
    func `every built-in connector is valid`(_ name: String) {
        #expect(BuiltInConnectors.connector(name) != nil)
    }

    /// The blocks of the documentation that are connections.
    private static let documented: [String] = {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/connections.md")
        let text = (try? String(contentsOf: page, encoding: .utf8)) ?? ""
        // The tutorial's connector is not built in; a test of its own goes through it.
        let rest = text.components(separatedBy: "\n## ").filter { !$0.hasPrefix("Tutorial") }.joined(separator: "\n## ")
        return rest.components(separatedBy: "```yaml\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        .filter { $0.contains("connector:") }
    }()

    @Test func `every connection in the documentation is valid`() throws {
        #expect(Self.documented.count >= 10)
        for block in Self.documented { _ = try Rig.load(connector: nil, connection: block) }
    }

    /// A form's fields.
    private static func form(_ request: ScriptedServer.Request) -> [String: String] {
        Dictionary(
            request.body.split(separator: "&").map { part in
                let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let value = pair[1].replacing("+", with: " ")
                return (String(pair[0]), String(value).removingPercentEncoding ?? "")
            }
        ) { _, last in last }
    }

    /// The claims of a token whose signature is right.
    private static func claims(_ token: String?, _ verify: (Data, Data) -> Bool) throws -> Value {
        let parts = try #require(token).split(separator: ".")
        try #require(parts.count == 3)
        func bytes(_ part: Substring) throws -> Data {
            let standard = part.replacing("-", with: "+").replacing("_", with: "/")
            let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
            return try #require(Data(base64Encoded: standard + padding))
        }
        #expect(verify(Data("\(parts[0]).\(parts[1])".utf8), try bytes(parts[2])))
        return try Value(json: Array(try bytes(parts[1])))
    }

    private static func run(
        _ connection: String,
        environment: [String: String] = ["SECRET": Rig.secret],
        answer: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply = { _ in
            .json(#"{"access_token":"access-0001","expires_in":3600}"#)
        },
        _ body: (Rig, ScriptedServer) async throws -> Void
    ) async throws {
        try await ScriptedServer.run { request in
            request.path == "/token" || request.path.hasSuffix("/access_tokens") ? answer(request) : .json("{}")
        } _: { server in
            try await Rig.run(server, connector: nil, connection: connection, environment: environment) {
                (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                try await body(rig, server)
            }
        }
    }

    private static func text(_ connector: String, _ fields: String) -> String {
        "connector: \(connector)\nfields: { token_url: BASE/token, base_url: BASE, \(fields) }"
    }

    @Test func `client credentials in the Basic header are form-encoded first`() async throws {
        let fields = "client_id: 'a b', client_secret: { env: SECRET }, scope: 'r w', resource: 'https://x.example'"
        try await Self.run(Self.text("oauth2_client_credentials", fields)) { _, server in
            let sent = server.requests[0]
            let encoded = Data("a%20b:s3cr3t-Value%2Fwith%2Bsigns".utf8).base64EncodedString()
            #expect(sent.header("authorization") == "Basic \(encoded)")
            let expected = ["grant_type": "client_credentials", "scope": "r w", "resource": "https://x.example"]
            #expect(Self.form(sent) == expected)
            #expect(server.requests[1].header("authorization") == "Bearer access-0001")
        }
    }

    @Test func `client credentials in the body`() async throws {
        let fields =
            "client_id: me, client_secret: { env: SECRET }, client_authentication: client_secret_post, audience: api"
        try await Self.run(Self.text("oauth2_client_credentials", fields)) { _, server in
            let expected = [
                "grant_type": "client_credentials", "client_id": "me", "client_secret": Rig.secret, "audience": "api",
            ]
            #expect(Self.form(server.requests[0]) == expected)
            #expect(server.requests[0].header("authorization") == nil)
        }
    }

    @Test func `client credentials with a signed assertion`() async throws {
        let key = P256.Signing.PrivateKey()
        let fields =
            "client_id: me, client_authentication: private_key_jwt, private_key: { env: KEY }, signing_algorithm: ES256, key_id: k1"
        try await Self.run(
            Self.text("oauth2_client_credentials", fields),
            environment: ["KEY": key.pemRepresentation]
        ) { _, server in
            let form = Self.form(server.requests[0])
            #expect(form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            #expect(form["client_secret"] == nil)
            let claims = try Self.claims(form["client_assertion"]) { message, signature in
                guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
                    return false
                }
                return key.publicKey.isValidSignature(signature, for: message)
            }
            #expect(claims["iss"] == "me" && claims["sub"] == "me")
            #expect(claims["aud"]?.text == "\(server.baseURL)/token")
            guard case .int(let issued)? = claims["iat"], case .int(let expiry)? = claims["exp"] else {
                Issue.record("\(claims)")
                return
            }
            #expect(expiry - issued == 300)
        }
    }

    @Test(arguments: [
        ("oauth2_client_credentials", "client_id: me, client_authentication: private_key_jwt", "client_assertion"),
        ("oauth2_jwt_bearer", "issuer: me", "assertion"),
    ])
    func `an assertion names the token endpoint whole, also where it is written relative`(
        connector: String,
        fields: String,
        name: String
    ) async throws {
        let key = P256.Signing.PrivateKey()
        let given =
            "token_url: ../token, private_key: { env: KEY }, signing_algorithm: ES256, base_url: BASE/v1/, \(fields)"
        try await Self.run(
            "connector: \(connector)\nfields: { \(given) }",
            environment: ["KEY": key.pemRepresentation]
        ) { _, server in
            #expect(server.requests[0].path == "/token")
            let claims = try Self.claims(Self.form(server.requests[0])[name]) { _, _ in true }
            #expect(claims["aud"]?.text == "\(server.baseURL)/token")
        }
    }

    @Test func `a refresh token of the connection's own is rotated, and a new one in its place counts`() async throws {
        let store = try SQLiteStore.inMemory()
        let given = Mutex<[String]>([])
        let fields = "client_id: me, client_secret: { env: SECRET }, refresh_token: { env: REFRESH }"
        let text = Self.text("oauth2_refresh_token", fields)
        try await ScriptedServer.run { request in
            guard request.path == "/token" else { return .json("{}") }
            let form = Self.form(request)
            #expect(form["grant_type"] == "refresh_token")
            let count = given.withLock { given in
                given.append(form["refresh_token"] ?? "")
                return given.count
            }
            return .json(#"{"access_token":"access-\#(count)","refresh_token":"rotated-\#(count)"}"#)
        } _: { server in
            func use(_ refresh: String) async throws {
                let environment = ["SECRET": Rig.secret, "REFRESH": refresh]
                try await Rig.run(server, connector: nil, connection: text, environment: environment, store: store) {
                    (rig: Rig) async throws in
                    _ = try await rig.get()
                    try await rig.session.renew()
                }
            }
            try await use("first-one")
            #expect(given.withLock { $0 } == ["first-one", "rotated-1"])
            try await use("second-one")
            #expect(given.withLock { $0 } == ["first-one", "rotated-1", "second-one", "rotated-3"])
        }
    }

    @Test func `a dead refresh token needs attention, at the cost of one request`() async throws {
        let fields = "client_id: me, client_secret: { env: SECRET }, refresh_token: { env: SECRET }"
        let text = Self.text("oauth2_refresh_token", fields)
        try await ScriptedServer.run { _ in
            .json(#"{"error":"invalid_grant"}"#, status: 400)
        } _: { server in
            try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                #expect(await rig.storm(50) == [0: 50])
                #expect(server.count("/token") == 1)
                #expect(await rig.failure()?.message.contains("needs attention") == true)
            }
        }
    }

    @Test func `a password and its user`() async throws {
        let fields = "client_id: me, client_authentication: none, username: ada, password: { env: SECRET }"
        try await Self.run(Self.text("oauth2_password", fields)) { _, server in
            let expected = [
                "grant_type": "password", "username": "ada", "password": Rig.secret, "client_id": "me",
            ]
            #expect(Self.form(server.requests[0]) == expected)
        }
    }

    @Test func `one token for another`() async throws {
        let fields = "subject_token: { env: SECRET }, audience: api, requested_token_type: 'urn:x'"
        try await Self.run(Self.text("oauth2_token_exchange", fields)) { _, server in
            let expected = [
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": Rig.secret,
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token", "audience": "api",
                "requested_token_type": "urn:x",
            ]
            #expect(Self.form(server.requests[0]) == expected)
        }
    }

    @Test func `a signed assertion for a token`() async throws {
        let key = P256.Signing.PrivateKey()
        let fields =
            "issuer: robot@example.com, subject: ada@example.com, scope: 'https://x.example/read', private_key: { env: KEY }, signing_algorithm: ES256"
        try await Self.run(
            Self.text("oauth2_jwt_bearer", fields),
            environment: ["KEY": key.pemRepresentation.replacing("\n", with: "\\n")]
        ) { rig, server in
            let form = Self.form(server.requests[0])
            #expect(form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer")
            let claims = try Self.claims(form["assertion"]) { message, signature in
                guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
                    return false
                }
                return key.publicKey.isValidSignature(signature, for: message)
            }
            #expect(claims["iss"] == "robot@example.com" && claims["sub"] == "ada@example.com")
            #expect(claims["scope"] == "https://x.example/read")
        }
    }

    @Test func `an installation of a GitHub App`() async throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let text =
            "connector: github_app\nfields: { app_id: 12345, installation_id: 67, private_key: { env: KEY }, base_url: BASE/ }"
        try await Self.run(
            text,
            environment: ["KEY": key.pemRepresentation],
            answer: { _ in .json(#"{"token":"ghs_0123456789","expires_at":"2099-01-01T00:00:00Z"}"#, status: 201) }
        ) { rig, server in
            #expect(server.requests[0].path == "/app/installations/67/access_tokens")
            let claims = try Self.claims(server.requests[0].header("authorization").map { String($0.dropFirst(7)) }) {
                message,
                signature in
                key.publicKey.isValidSignature(
                    _RSA.Signing.RSASignature(rawRepresentation: signature),
                    for: message,
                    padding: .insecurePKCS1v1_5
                )
            }
            #expect(claims["iss"] == "12345")
            #expect(server.requests[1].header("authorization") == "Bearer ghs_0123456789")
            let record = try #require(try await rig.store.tokens().first)
            #expect(record.expiresAt == Instant(rfc3339: "2099-01-01T00:00:00Z"))
        }
    }

    @Test(arguments: [("hex", "application/json"), ("base64", "")])
    func `an HMAC over method, path, time and body`(_ encoding: String, _ type: String) async throws {
        let text =
            "connector: hmac\nfields: { key_id: k-1, secret: { env: SECRET }, encoding: \(encoding), base_url: BASE }"
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                var request = PreparedRequest(.post, "/items?a=1")
                if !type.isEmpty { request.body = .json(["x": 1]) }
                _ = try await rig.session.send(request)
                let sent = try #require(server.requests.first)
                let time = try #require(sent.header("x-timestamp"))
                let body = SHA256.hash(data: Data(sent.body.utf8)).map { String(format: "%02x", $0) }.joined()
                let message = ["POST", "/items?a=1", time, body].joined(separator: "\n")
                let code = Data(
                    HMAC<SHA256>.authenticationCode(
                        for: Data(message.utf8),
                        using: SymmetricKey(data: Data(Rig.secret.utf8))
                    )
                )
                let expected =
                    encoding == "hex" ? code.map { String(format: "%02x", $0) }.joined() : code.base64EncodedString()
                #expect(sent.header("x-signature") == expected)
                #expect(sent.header("x-key-id") == "k-1")
            }
        }
    }
}
