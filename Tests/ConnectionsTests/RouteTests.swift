import CEL
import Connections
import NIOSSL
import Recipe
import Synchronization
import TestSupport
import Testing

/// `tls:` and `proxy:`.
struct RouteTests {
    /// A server with a certificate of the test authority, which wants one of it from the client.
    private func tls(wantsClient: Bool, newest: TLSVersion = .tlsv13) throws -> TLSConfiguration {
        let chain = try NIOSSLCertificate.fromPEMFile(Fixtures.path("tls/server.pem"))
        let key = try NIOSSLPrivateKey(file: Fixtures.path("tls/server.key"), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.maximumTLSVersion = newest
        if wantsClient {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .file(Fixtures.path("tls/ca.pem"))
        }
        return configuration
    }

    private func run(
        _ connection: String,
        wantsClient: Bool = true,
        newest: TLSVersion = .tlsv13,
        environment: [String: String] = [:],
        _ body: (Rig) async throws -> Void
    ) async throws {
        try await ScriptedServer.run(tls: try tls(wantsClient: wantsClient, newest: newest)) { _ in
            .json(#"{"ok":true}"#)
        } _: { server in
            let text = connection.replacing("TLS", with: Fixtures.path("tls"))
            try await Rig.run(server, connector: nil, connection: text, environment: environment, body)
        }
    }

    @Test func `mtls shows its certificate`() async throws {
        try await run(
            "connector: mtls\nfields: { certificate: TLS/client.pem, key: { env: KEY }, ca: TLS/ca.pem, base_url: BASE }",
            environment: ["KEY": try String(decoding: Fixtures.data("tls/client.key"), as: UTF8.self)]
        ) { (rig: Rig) async throws in
            #expect(try await rig.get().body["ok"] == true)
        }
    }

    @Test func `tls goes with any connection`() async throws {
        let tls = "tls: { ca: TLS/ca.pem, certificate: TLS/client.pem, key: TLS/client.key, minimum_version: '1.3' }"
        try await run("connector: none\nbase_uri: BASE\n\(tls)") { (rig: Rig) async throws in
            #expect(try await rig.get().status == 200)
        }
    }

    @Test(arguments: [
        ("", false, "the server's certificate is not trusted"),
        ("tls: { ca: TLS/ca.pem }", true, "refuses the client's certificate, or wants one"),
        ("tls: { ca: TLS/none.pem }", false, "none.pem cannot be read: No such file or directory"),
        ("tls: { ca: TLS/client.key }", false, "`tls.ca` of the connection `api`: this is no certificate in PEM"),
        (
            "tls: { ca: TLS/ca.pem, certificate: TLS/client.pem, key: TLS/ca.pem }", true,
            "`tls.key` of the connection `api`: this is no private key in PEM"
        ),
        (
            "tls: { ca: TLS/ca.pem, certificate: TLS/client.pem, key: TLS/server.key }", true,
            "the key does not belong to the client's certificate"
        ),
    ])
    func `what fails says why`(_ tls: String, _ wantsClient: Bool, _ message: String) async throws {
        try await run("connector: none\nbase_uri: BASE\n\(tls)", wantsClient: wantsClient) { (rig: Rig) async throws in
            let failure = await rig.failure()
            #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "none")")
        }
    }

    @Test func `a redirect to another origin does not take the certificate along, and nobody else is shown it`()
        async throws
    {
        let tls = try tls(wantsClient: true)
        let landed = Mutex<String?>(nil)
        try await ScriptedServer.run(tls: tls) { _ in
            .json("{}")
        } _: { other in
            try await ScriptedServer.run(tls: tls) { request in
                guard let place = landed.withLock({ $0 }), request.path == "/away" else { return .json("{}") }
                return ScriptedServer.Reply(302, headers: [("Location", place)])
            } _: { server in
                landed.withLock { $0 = other.baseURL + "/landed" }
                let settings = "tls: { ca: TLS/ca.pem, certificate: TLS/client.pem, key: TLS/client.key }"
                    .replacing("TLS", with: Fixtures.path("tls"))
                let text = "connector: none\nbase_uri: BASE\n\(settings)"
                try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                    #expect(try await rig.get().status == 200)
                    #expect(await rig.failure(PreparedRequest(.get, "/away"))?.kind == .tls)
                    #expect(other.requests.isEmpty)
                }
                // Without base_uri no server is the certificate's own.
                try await Rig.run(server, connector: nil, connection: "connector: none\n\(settings)") {
                    (rig: Rig) async throws in
                    #expect(await rig.failure(PreparedRequest(.get, other.baseURL))?.kind == .origin)
                }
            }
        }
    }

    @Test func `an older TLS than the minimum is refused`() async throws {
        let tls = "tls: { ca: TLS/ca.pem, minimum_version: '1.3' }"
        try await run("connector: none\nbase_uri: BASE\n\(tls)", wantsClient: false, newest: .tlsv12) {
            (rig: Rig) async throws in
            let failure = try #require(await rig.failure())
            #expect(failure.kind == .tls)
            #expect(failure.message.contains("does not speak a version of TLS that is allowed"), "\(failure.message)")
        }
    }

    @Test(arguments: [
        ("tls: { certificate: a.pem }", "a client certificate needs its key"),
        ("tls: { minimum_version: '1.1' }", "`1.1` is no version of TLS"),
        ("tls: { cert: a.pem }", "cert"),
        ("proxy: socks5://a:1", "a proxy is reached over http"),
    ])
    func `the loader refuses half settings`(_ line: String, _ message: String) {
        #expect(throws: Rig.LoadFailure.self) {
            try Rig.load(connector: nil, connection: "connector: none\n\(line)")
        }
        do {
            _ = try Rig.load(connector: nil, connection: "connector: none\n\(line)")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }

    @Test(arguments: [(407, "the proxy wants user and password"), (502, "the proxy refuses to connect")])
    func `a proxy is asked to connect, with its own credentials`(_ status: Int, _ message: String) async throws {
        try await ScriptedServer.run { _ in
            ScriptedServer.Reply(status)
        } _: { server in
            let proxy = "http://me:proxy-password@127.0.0.1:\(server.port)"
            let text = "connector: none\nbase_uri: https://api.example\nproxy: \(proxy)"
            try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                let failure = await rig.failure()
                #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
                let sent = try #require(server.requests.first)
                #expect(sent.method == "CONNECT" && sent.path == "api.example:443")
                #expect(sent.header("proxy-authorization") == "Basic bWU6cHJveHktcGFzc3dvcmQ=")
                #expect(rig.redactor.redact("proxy-password") == "•••")
            }
        }
    }

    @Test func `requests and the token endpoint go through the tunnel, and the proxy sees neither`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tls: try tls(wantsClient: false)) { request in
            await tokens.answer(request)
        } _: { server in
            try await TunnelProxy.run(to: server.port) { proxy in
                // The certificate is for 127.0.0.1, so the name in the URL is that; the port is one where nobody listens.
                let base = "https://127.0.0.1:1"
                let text = """
                    connector: api
                    fields: { client_secret: { env: SECRET }, base_url: "\(base)" }
                    tls: { ca: \(Fixtures.path("tls/ca.pem")) }
                    proxy: http://me:proxy-password@127.0.0.1:\(proxy.port)
                    """
                try await Rig.run(server, connection: text) { (rig: Rig) async throws in
                    for _ in 0..<3 { #expect(try await rig.get().status == 200) }
                    #expect(tokens.issued == 1)
                    #expect(server.requests.map(\.path) == ["/token", "/me", "/me", "/me"])
                    #expect(proxy.requests.allSatisfy { $0.target == "127.0.0.1:1" })
                    #expect(proxy.requests.allSatisfy { $0.authorization == "Basic bWU6cHJveHktcGFzc3dvcmQ=" })
                    #expect(server.requests.allSatisfy { $0.header("proxy-authorization") == nil })
                }
            }
        }
    }

    @Test func `HTTP/2 is spoken where the server offers it: many requests share a connection`() async throws {
        var configuration = try tls(wantsClient: false)
        configuration.applicationProtocols = ["h2", "http/1.1"]
        let tokens = TokenServer()
        try await ScriptedServer.run(tls: configuration) { request in
            // All of them are there before the first is answered.
            if request.path == "/me" { try? await Task.sleep(for: .milliseconds(50)) }
            return await tokens.answer(request)
        } _: { server in
            let text = Rig.connection(extra: "tls: { ca: \(Fixtures.path("tls/ca.pem")) }")
            try await Rig.run(server, connection: text) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                #expect(await rig.storm(100) == [200: 100])
                #expect(server.requests.count == 102)
                #expect(server.requests.count(where: { $0.isHTTP2 }) == 102)
                // A connection for each event loop at most, and not one for each request.
                #expect(server.connections < 20, "\(server.connections) connections")
                #expect(server.requests.last?.header("authorization") == "Bearer access-token-1")
            }
        }
    }
}
