import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization
import TestSupport
import Testing

struct RenewalFailureTests {
    @Test func `a final error ends in needs_attention: 100 jobs, one token request`() async throws {
        let tokens = TokenServer()
        let body = #"{"error":"invalid_client","error_description":"wrong SECRET"}"#.replacing(
            "SECRET",
            with: Rig.secret
        )
        tokens.fault.withLock { $0 = .json(body, status: 401) }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                #expect(await rig.storm(100) == [0: 100])
                let failure = try #require(await rig.failure())
                #expect(server.count("/token") == 1)
                #expect(server.count("/me") == 0)
                #expect(failure.kind == .authorization)
                #expect(!failure.isTransient)
                #expect(failure.message.contains("needs attention"))
                #expect(failure.message.contains("401 invalid_client (wrong •••)"))
                #expect(failure.message.contains("127.0.0.1:\(server.port)"))
                #expect(!failure.message.contains(Rig.secret))
            }
        }
    }

    @Test func `other processes obey needs_attention until the secret changes`() async throws {
        let tokens = TokenServer()
        let store = try SQLiteStore.inMemory()
        tokens.fault.withLock { $0 = .json(#"{"error":"invalid_client"}"#, status: 401) }
        try await ScriptedServer.run(tokens.answer) { server in
            for _ in 0..<3 {
                try await Rig.run(server, store: store) { (rig: Rig) async throws in
                    #expect(await rig.failure()?.kind == .authorization)
                }
            }
            #expect(server.count("/token") == 1)
            tokens.fault.withLock { $0 = nil }
            try await Rig.run(server, environment: ["SECRET": "mended-secret"], store: store) {
                (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
            }
            #expect(server.count("/token") == 2)
        }
    }

    @Test(arguments: [
        (false, #"{"message":"locked"}"#, "acquire"), (false, #"{"access_token":null}"#, "acquire"),
        (false, #"{"access_token":""}"#, "acquire"), (true, #"{"message":"locked"}"#, "refresh"),
        (true, #"{"access_token":null,"expires_in":60}"#, "refresh"), (true, #"{"access_token":""}"#, "refresh"),
    ])
    func `an answer without a token is no renewal`(_ refreshes: Bool, _ body: String, _ what: String) async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: Rig.connector(refresh: refreshes)) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                tokens.expireAll()
                tokens.fault.withLock { $0 = .json(body) }
                let failure = try #require(await rig.failure())
                #expect(
                    failure.message.contains("\(what) returned no `access_token`, which `apply` reads"),
                    "\(failure.message)"
                )
                #expect(server.count("/token") == 2 && server.count("/me") == 2)
                #expect(try await rig.store.tokens().first?.generation == 1)
            }
        }
    }

    @Test func `a renewal may prolong what it has`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: Rig.connector(refresh: true)) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                tokens.fault.withLock { $0 = .json(#"{"expires_in":3600}"#) }
                try await rig.session.renew()
                #expect(try await rig.get().status == 200)
                #expect(server.requests.last?.header("authorization") == "Bearer access-token-1")
            }
        }
    }

    @Test(arguments: [nil, "text/plain", "text/html; charset=utf-8", "application/octet-stream"])
    func `a token is JSON, whatever the server calls it`(_ type: String?) async throws {
        let reply = ScriptedServer.Reply(
            200,
            headers: type.map { [("Content-Type", $0)] } ?? [],
            body: " \n{\"access_token\":\"access-token-9\"}"
        )
        try await ScriptedServer.run { request in
            request.path == "/token" ? reply : .json("{}")
        } _: { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                #expect(server.requests.last?.header("authorization") == "Bearer access-token-9")
            }
        }
        let refusal = ScriptedServer.Reply(
            400,
            headers: type.map { [("Content-Type", $0)] } ?? [],
            body: #"{"error":"invalid_client"}"#
        )
        try await ScriptedServer.run { _ in
            refusal
        } _: { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                #expect(
                    await rig.failure()?.message.contains(
                        "needs attention: POST 127.0.0.1:\(server.port): 400 invalid_client"
                    ) == true
                )
            }
        }
    }

    @Test func `needs_attention ends by hand`() async throws {
        let tokens = TokenServer()
        tokens.fault.withLock { $0 = .json(#"{"error":"unauthorized_client"}"#, status: 400) }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                #expect(await rig.failure() != nil)
                tokens.fault.withLock { $0 = nil }
                #expect(await rig.failure() != nil)
                try await rig.session.renew()
                #expect(try await rig.get().status == 200)
                #expect(server.count("/token") == 2)
            }
        }
    }

    @Test func `other failures back off, shared by all`() async throws {
        let tokens = TokenServer()
        let clock = ManualClock()
        tokens.fault.withLock { $0 = ScriptedServer.Reply(500, body: "<html>secret page</html>") }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, clock: clock) { (rig: Rig) async throws in
                #expect(await rig.storm(300) == [0: 300])
                #expect(server.count("/token") == 1)
                let failure = try #require(await rig.failure())
                #expect(failure.isTransient)
                #expect(failure.message.contains("POST 127.0.0.1:\(server.port): 500"))
                #expect(!failure.message.contains("html"))
                #expect(failure.retryAfter == .seconds(1))
                clock.advance(by: .seconds(1))
                #expect(await rig.storm(100) == [0: 100])
                #expect(server.count("/token") == 2)
                #expect(await rig.failure()?.retryAfter == .seconds(2))
                clock.advance(by: .seconds(2))
                tokens.fault.withLock { $0 = nil }
                #expect(await rig.storm(100) == [200: 100])
                #expect(server.count("/token") == 3)
            }
        }
    }

    @Test func `Retry-After of the token endpoint is obeyed`() async throws {
        let tokens = TokenServer()
        let clock = ManualClock()
        tokens.fault.withLock { $0 = ScriptedServer.Reply(429, headers: [("Retry-After", "40")]) }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, clock: clock) { (rig: Rig) async throws in
                #expect(await rig.failure()?.retryAfter == .seconds(40))
                clock.advance(by: .seconds(39))
                #expect(await rig.failure()?.retryAfter == .seconds(1))
                #expect(server.count("/token") == 1)
            }
        }
    }

    @Test(arguments: [
        (ScriptedServer.Reply.json(#"{"error":"slow_down"}"#), "200 slow_down"),
        (.json(#"{"token_type":"Bearer"}"#), "returned no `access_token`"),
        (
            ScriptedServer.Reply(200, headers: [("Content-Type", "text/html")], body: "<p>hello</p>"),
            "answered 200 with text/html; check its URL, or give it an `output:` that reads the answer"
        ),
        (ScriptedServer.Reply(204), "answered 204 with an empty body; check its URL"),
        (.json("[1]"), "answered 200 with a list; check its URL"),
        // Not quoted, as elsewhere: it may well be a token.
        (.json("access_token=gho_16C7e42F292c6912E7710c8"), "200, but the body is no JSON; the next try"),
        (ScriptedServer.Reply(302, headers: [("Location", "/elsewhere")]), ": 302"),
    ])
    func `an answer without a token is a failure that passes`(_ reply: ScriptedServer.Reply, _ words: String)
        async throws
    {
        let tokens = TokenServer()
        tokens.fault.withLock { $0 = reply }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                let failure = try #require(await rig.failure())
                #expect(failure.message.contains(words), "\(failure.message)")
                #expect(!failure.message.contains("gho_") && !failure.message.contains("hello"))
                #expect(failure.isTransient)
                #expect(server.count("/token") == 1)
            }
        }
    }

    @Test func `an output that finds a page in place of an object says so`() async throws {
        let connector = Rig.connector().replacing(
            "    form: {",
            with: "    output: { access_token: \"${{ response.body.access_token }}\" }\n    form: {"
        )
        let tokens = TokenServer()
        tokens.fault.withLock {
            $0 = ScriptedServer.Reply(200, headers: [("Content-Type", "text/html")], body: "<p>hello</p>")
        }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                let message = try #require(await rig.failure()?.message)
                #expect(message.contains("the output of `acquire` cannot be read"), "\(message)")
                #expect(
                    message.contains("; 127.0.0.1:\(server.port) answered 200 with text/html; the next"),
                    "\(message)"
                )
            }
        }
    }

    @Test func `what an earlier step of acquire gave is hidden when a later one fails`() async throws {
        let connector = """
            fields: [ { name: base_url } ]
            authorization:
              type: custom_auth
              acquire:
                - { id: session, post: /login }
                - { post: /token, headers: { X-Session: "${{ actions.session.session_id }}" } }
              refresh_on: [401]
              apply: { headers: { Authorization: "Bearer ${{ connection.access_token }}" } }
            base_uri: ${{ connection.base_url }}
            """
        try await ScriptedServer.run { request in
            request.path == "/login"
                ? .json(#"{"session_id":"session-of-the-first-step"}"#)
                : .json(
                    #"{"error":"invalid_request","error_description":"not for \#(request.header("x-session") ?? "")"}"#,
                    status: 400
                )
        } _: { server in
            let connection = "connector: api\nfields: { base_url: BASE }"
            try await Rig.run(server, connector: connector, connection: connection) { (rig: Rig) async throws in
                let failure = try #require(await rig.failure())
                #expect(failure.message.contains("not for •••"), "\(failure.message)")
                let record = try #require(try await rig.store.renewals(of: "api", limit: 1).first)
                #expect(!"\(record)".contains("session-of-the-first-step"))
            }
        }
    }

    @Test func `an answer that breaks off is a failure that passes`() async throws {
        let tokens = TokenServer()
        var reply = ScriptedServer.Reply.json(#"{"access_token":"#)
        reply.breaksOff = true
        tokens.fault.withLock { [reply] in $0 = reply }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                #expect(await rig.failure()?.isTransient == true)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a hung token endpoint is bounded by renew_timeout`() async throws {
        let tokens = TokenServer(delay: .seconds(30))
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connection: Rig.connection(extra: "renew_timeout: 200ms")) {
                (rig: Rig) async throws in
                let begin = ContinuousClock.now
                let failure = try #require(await rig.failure())
                #expect(begin.duration(to: .now) < .seconds(25))
                #expect(failure.message.contains("no complete answer within"))
                #expect(failure.isTransient)
            }
        }
    }

    @Test func `a background failure does not take the good token away`() async throws {
        let tokens = TokenServer(lifetime: 100)
        let clock = ManualClock()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, clock: clock) { (rig: Rig) async throws in
                _ = try await rig.get()
                tokens.fault.withLock { $0 = ScriptedServer.Reply(503) }
                clock.advance(by: .seconds(85))
                for _ in 0..<20 { #expect(try await rig.get().status == 200) }
                #expect(server.count("/token") <= 2)
            }
        }
    }

    @Test func `a missing variable names itself and the connection, and sends nothing`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, environment: [:]) { (rig: Rig) async throws in
                let failure = try #require(await rig.failure())
                #expect(failure.kind == .configuration)
                #expect(failure.message.contains("SECRET is not set"))
                #expect(failure.message.contains("`api`"))
                #expect(server.requests.isEmpty)
            }
        }
    }
}
