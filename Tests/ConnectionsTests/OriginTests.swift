import CEL
import Recipe
import Store
import TestSupport
import Testing

@testable import Connections

struct OriginTests {
    @Test func `a whole URL to another origin is refused before anything is sent`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            try await ScriptedServer.run { _ in
                .json("{}")
            } _: { other in
                try await Rig.run(server) { (rig: Rig) async throws in
                    let failure = try #require(
                        await rig.failure(PreparedRequest(.get, other.baseURL + "/steal?key=value-123"))
                    )
                    #expect(failure.kind == .origin)
                    #expect(failure.message.contains("allowed_origins: [\(other.baseURL)]"))
                    #expect(!failure.message.contains("value-123"))
                    #expect(other.requests.isEmpty)
                    let network = try #require(await rig.failure(PreparedRequest(.get, "//127.0.0.1:\(other.port)/x")))
                    #expect(network.kind == .origin)
                }
                let allowing = Rig.connection(extra: "allowed_origins: [\"\(other.baseURL)\"]")
                try await Rig.run(server, connection: allowing) { (rig: Rig) async throws in
                    #expect(try await rig.get(other.baseURL + "/x").status == 200)
                    #expect(other.requests.last?.header("authorization") != nil)
                }
            }
        }
    }

    @Test func `a redirect to another origin is followed without any credential`() async throws {
        let tokens = TokenServer()
        let connector = Rig.connector(
            apply:
                "{ headers: { X-Token: \"${{ connection.access_token }}\" }, query: { key: \"${{ connection.access_token }}\" } }"
        )
        try await ScriptedServer.run { _ in
            .json(#"{"far":true}"#)
        } _: { other in
            try await ScriptedServer.run { request in
                switch request.path {
                case "/away": ScriptedServer.Reply(302, headers: [("Location", other.baseURL + "/landed?a=1")])
                case "/keep":
                    ScriptedServer.Reply(302, headers: [("Location", "\(other.baseURL)/kept?\(request.query)")])
                case "/near": ScriptedServer.Reply(307, headers: [("Location", "/me?b=2")])
                case "/token": await tokens.answer(request)
                default: .json("{}")
                }
            } _: { server in
                try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                    var request = PreparedRequest(.get, "/away")
                    request.headers = [("Cookie", "session=1"), ("Authorization", "mine"), ("X-Own", "1")]
                    #expect(try await rig.session.send(request).body["far"] == true)
                    let landed = try #require(other.requests.first)
                    #expect(landed.query == "a=1")
                    #expect(landed.header("x-token") == nil)
                    #expect(landed.header("cookie") == nil)
                    #expect(landed.header("authorization") == nil)
                    #expect(landed.header("x-own") == nil)
                    // A server that keeps the query of what it was asked does not pass the credential on.
                    _ = try await rig.get("/keep?b=2&key=mine&c=3")
                    #expect(server.requests.last?.query == "b=2&c=3&key=access-token-1")
                    #expect(other.requests.last?.query == "b=2&c=3")
                    _ = try await rig.get("/near")
                    let near = try #require(server.requests.last)
                    #expect(near.header("x-token") == "access-token-1")
                    #expect(near.query == "b=2&key=access-token-1")
                }
            }
        }
    }

    @Test func `a POST is not redirected, and a GET at most five times`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedServer.Reply(302, headers: [("Location", "/again")])
        } _: { server in
            try await Rig.run(
                server,
                connector: "fields: [ { name: base_url } ]\nbase_uri: BASE",
                connection: "connector: api"
            ) { (rig: Rig) async throws in
                #expect(try await rig.session.send(PreparedRequest(.post, "/x")).status == 302)
                #expect(
                    await rig.failure(PreparedRequest(.get, "/x"))?.message.contains("more than 5 redirects") == true
                )
                #expect(server.requests.count == 7)
            }
        }
    }

    @Test func `plain http beyond loopback needs allow_http`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            let connection =
                "connector: api\nfields: { client_secret: { env: SECRET }, base_url: 'http://api.invalid/' }"
            try await Rig.run(server, connection: connection) { (rig: Rig) async throws in
                let failure = try #require(await rig.failure())
                #expect(failure.message.contains("allow_http: true"))
                #expect(!failure.message.contains(Rig.secret))
            }
        }
    }

    @Test func `a header Host does not lead a credential to another server`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            var request = PreparedRequest(.get, "/me")
            request.headers = [("hOST", "another.example")]
            try await Rig.run(server) { (rig: Rig) async throws in
                let failure = try #require(await rig.failure(request))
                #expect(failure.kind == .origin && failure.message.contains("the header `Host`"), "\(failure.message)")
                #expect(server.count("/me") == 0)
            }
            // There is nothing to lose.
            let plain = "connector: none\nbase_uri: BASE"
            try await Rig.run(server, connector: nil, connection: plain) { (rig: Rig) async throws in
                _ = try await rig.session.send(request)
                #expect(server.requests.last?.header("host") == "another.example")
            }
        }
    }

    @Test func `a redirect takes a credential to an allowed origin, but not in the clear`() throws {
        let text =
            "connector: bearer\nfields: { token: { env: T } }\nbase_uri: https://api.example/\nallowed_origins: [\"http://far.example\", \"https://far.example\"]"
        for (extra, isPermitted) in [("", false), ("\nallow_http: true", true)] {
            let definition = Definition(try Rig.load(connector: nil, connection: text + extra))
            let guarding = OriginGuard(definition, base: Origin("https://api.example/"))
            let permitted = try ["https://far.example", "http://far.example", "https://elsewhere.example"].map {
                guarding.permitsCredential(at: try #require(Origin($0)))
            }
            #expect(permitted == [true, isPermitted, false])
        }
    }

    @Test func `without base_uri and credential any server may be asked`() async throws {
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: "title: Nothing", connection: "connector: api") {
                (rig: Rig) async throws in
                #expect(try await rig.get(server.baseURL + "/x").status == 200)
                #expect(try await rig.manager.directSession.send(PreparedRequest(.get, server.baseURL)).status == 200)
                #expect(await rig.failure(PreparedRequest(.get, "/x"))?.message.contains("no base_uri") == true)
                #expect(await rig.failure(PreparedRequest(.get, "http://u:p@h/x"))?.kind == .configuration)
                #expect(await rig.failure(PreparedRequest(.get, "ftp://h/x"))?.kind == .configuration)
            }
        }
    }

    @Test func `recipes see only what is no secret`() async throws {
        let tokens = TokenServer()
        let connector = Rig.connector() + "\npublic: [token_type]"
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                _ = try await rig.get()
                let visible = try await rig.session.visible()
                #expect(visible["client_id"] == "me")
                #expect(visible["client_secret"] == nil)
                #expect(visible["access_token"] == nil)
                #expect(visible["token_type"] == "Bearer")
            }
        }
    }
}
