import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization
import TestSupport
import Testing

/// What a token endpoint may answer besides a token: state, token requests and message for a thousand jobs, and what comes after.
///
/// One after another: thirteen thousand jobs at once would want more open files than a process may have.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TokenEndpointTests {
    /// One trouble and what comes of it.
    struct Trouble: Sendable, CustomTestStringConvertible {
        let name: String
        let reply: ScriptedServer.Reply
        var hangs = false
        let state: State
        let message: String

        /// What the store says of the connection.
        enum State: Sendable, Equatable {
            case cooling(seconds: Double)
            case needsAttention
        }

        var testDescription: String { name }
    }

    private static func broken() -> ScriptedServer.Reply {
        var reply = ScriptedServer.Reply.json(#"{"access_token":"#)
        reply.breaksOff = true
        return reply
    }

    static let troubles = [
        Trouble(name: "500", reply: ScriptedServer.Reply(500), state: .cooling(seconds: 1), message: ": 500; the next"),
        Trouble(
            name: "429 with Retry-After in seconds",
            reply: ScriptedServer.Reply(429, headers: [("Retry-After", "40")]),
            state: .cooling(seconds: 40),
            message: ": 429; the next try is in 40s"
        ),
        Trouble(
            name: "503 with Retry-After as a date",
            // The manual clock shows 2027-01-15T08:00:00Z.
            reply: ScriptedServer.Reply(503, headers: [("Retry-After", "Fri, 15 Jan 2027 08:00:25 GMT")]),
            state: .cooling(seconds: 25),
            message: ": 503; the next try is in 25s"
        ),
        Trouble(
            name: "hangs",
            reply: .json("{}"),
            hangs: true,
            state: .cooling(seconds: 1),
            message: "no complete answer within 12s"
        ),
        Trouble(
            name: "closes in the middle of the body",
            reply: broken(),
            state: .cooling(seconds: 1),
            message: "before its answer was complete"
        ),
        Trouble(
            name: "HTML",
            reply: ScriptedServer.Reply(200, headers: [("Content-Type", "text/html")], body: "<p>Sign in</p>"),
            state: .cooling(seconds: 1),
            message: "`acquire` returned no map of values"
        ),
        Trouble(
            name: "200 with an error",
            reply: .json(#"{"error":"temporarily_unavailable","error_description":"try later"}"#),
            state: .cooling(seconds: 1),
            message: ": 200 temporarily_unavailable (try later)"
        ),
        Trouble(
            name: "200 with a final error",
            reply: .json(#"{"error":"invalid_client"}"#),
            state: .needsAttention,
            message: ": 200 invalid_client"
        ),
        Trouble(
            name: "invalid_client",
            reply: .json(#"{"error":"invalid_client"}"#, status: 401),
            state: .needsAttention,
            message: ": 401 invalid_client"
        ),
        Trouble(
            name: "invalid_grant",
            reply: .json(#"{"error":"invalid_grant","error_description":"no"}"#, status: 400),
            state: .needsAttention,
            message: ": 400 invalid_grant (no)"
        ),
        Trouble(
            name: "unauthorized_client",
            reply: .json(#"{"error":"unauthorized_client"}"#, status: 400),
            state: .needsAttention,
            message: ": 400 unauthorized_client"
        ),
        Trouble(
            name: "401 and nothing else",
            reply: ScriptedServer.Reply(401),
            state: .needsAttention,
            message: ": 401;"
        ),
        Trouble(
            name: "401 in words of its own",
            reply: .json(#"{"error":"Invalid credentials"}"#, status: 401),
            state: .needsAttention,
            message: ": 401 Invalid credentials;"
        ),
        Trouble(
            name: "401 with an object of its own",
            reply: .json(#"{"error":{"message":"wrong password"}}"#, status: 401),
            state: .needsAttention,
            message: ": 401 error (wrong password);"
        ),
        Trouble(
            name: "401 that passes",
            reply: .json(#"{"error":"temporarily_unavailable"}"#, status: 401),
            state: .cooling(seconds: 1),
            message: ": 401 temporarily_unavailable; the next"
        ),
        Trouble(
            name: "a redirect",
            reply: ScriptedServer.Reply(302, headers: [("Location", "/elsewhere")]),
            state: .cooling(seconds: 1),
            message: ": 302"
        ),
    ]

    @Test(arguments: troubles)
    func `a thousand jobs cost one token request, and each is told why`(_ trouble: Trouble) async throws {
        let clock = ManualClock()
        let mended = Mutex(false)
        let tokens = TokenServer()
        try await ScriptedServer.run { request in
            guard request.path == "/token", !mended.withLock({ $0 }) else { return await tokens.answer(request) }
            if trouble.hangs { try? await Task.sleep(for: .seconds(60)) }
            return trouble.reply
        } _: { server in
            let connection = Rig.connection(extra: "renew_timeout: \(trouble.hangs ? "12s" : "30s")")
            try await Rig.run(server, connection: connection, clock: clock) { (rig: Rig) async throws in
                #expect(await rig.storm(1_000) == [0: 1_000])
                #expect(server.count("/token") == 1)
                #expect(server.count("/me") == 0)

                let failure = try #require(await rig.failure())
                #expect(failure.kind == .authorization)
                #expect(failure.message.contains(trouble.message), "\(failure.message)")
                #expect(!failure.message.contains("<p>"))
                let record = try #require(try await rig.store.renewals(of: "api", limit: 5).first)
                guard case .failed = record.outcome else {
                    Issue.record("\(record)")
                    return
                }
                let status = try await rig.session.status()
                switch trouble.state {
                case .cooling(let seconds):
                    #expect(failure.isTransient && failure.retryAfter == .seconds(seconds))
                    guard case .cooling(let until, _) = status.state else {
                        Issue.record("\(status.state)")
                        return
                    }
                    #expect(until - clock.now() == .seconds(seconds))
                    // It passes by itself when the time is over, and not before.
                    mended.withLock { $0 = true }
                    clock.advance(by: .seconds(seconds - 0.5))
                    #expect(await rig.failure() != nil)
                    clock.advance(by: .seconds(0.5))
                    #expect(await rig.storm(1_000) == [200: 1_000])
                    #expect(server.count("/token") == 2)
                case .needsAttention:
                    #expect(!failure.isTransient)
                    let end = "until its fields or its file change, or `runner connections refresh api` is run"
                    #expect(failure.message.hasSuffix(end), "\(failure.message)")
                    guard case .needsAttention = status.state else {
                        Issue.record("\(status.state)")
                        return
                    }
                    // No time passes it: only a person does.
                    mended.withLock { $0 = true }
                    clock.advance(by: .seconds(86_400))
                    #expect(await rig.storm(100) == [0: 100])
                    #expect(server.count("/token") == 1)
                    try await rig.session.renew()
                    #expect(await rig.storm(100) == [200: 100])
                    #expect(server.count("/token") == 2)
                }
            }
        }
    }

    @Test(arguments: [
        (
            "client_secret_basic", #"{"error":"invalid_client"}"#,
            ": 401 invalid_client; id and secret went in the Basic header: if they are right, try `client_authentication: client_secret_post`;"
        ),
        (
            "client_secret_post", #"{"error":"invalid_client","error_description":"no"}"#,
            ": 401 invalid_client (no); id and secret went in the body: if they are right, try `client_authentication: client_secret_basic`;"
        ),
        (
            "client_secret_post", "",
            ": 401; id and secret went in the body: if they are right, try `client_authentication: client_secret_basic`;"
        ),
        (
            "none", #"{"error":"invalid_client"}"#,
            ": 401 invalid_client; no secret was sent: if the client has one, write `client_authentication: client_secret_basic` (or `client_secret_post`);"
        ),
        ("client_secret_post", #"{"error":"unauthorized_client"}"#, ": 401 unauthorized_client;"),
    ])
    func `a refused client is told of the other way to send its secret`(_ way: String, _ body: String, _ end: String)
        async throws
    {
        let text = """
            connector: oauth2_client_credentials
            fields: { token_url: BASE/token, client_id: me, client_secret: { env: SECRET }, client_authentication: \(way), base_url: BASE }
            """
        try await ScriptedServer.run { _ in
            .json(body, status: 401)
        } _: { server in
            try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                let failure = try #require(await rig.failure())
                #expect(failure.message.contains(end), "\(failure.message)")
            }
        }
    }

    @Test func `states go from new to valid, cooling, valid again and needs_attention`() async throws {
        let clock = ManualClock()
        let tokens = TokenServer(lifetime: 100)
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, clock: clock) { (rig: Rig) async throws in
                #expect(try await rig.session.status().state == .new)
                _ = try await rig.get()
                #expect(try await rig.session.status().state == .valid)
                tokens.fault.withLock { $0 = ScriptedServer.Reply(500) }
                clock.advance(by: .seconds(101))
                #expect(await rig.failure() != nil)
                guard case .cooling = try await rig.session.status().state else {
                    Issue.record("not cooling")
                    return
                }
                tokens.fault.withLock { $0 = nil }
                clock.advance(by: .seconds(1))
                _ = try await rig.get()
                #expect(try await rig.session.status().state == .valid)
                tokens.fault.withLock { $0 = .json(#"{"error":"invalid_client"}"#, status: 401) }
                clock.advance(by: .seconds(101))
                #expect(await rig.failure() != nil)
                guard case .needsAttention = try await rig.session.status().state else {
                    Issue.record("not needs_attention")
                    return
                }
                let reasons = try await rig.store.renewals(of: "api", limit: 9).map(\.reason)
                #expect(reasons == [.expiry, .expiry, .expiry, .firstUse])
            }
        }
    }

    @Test func `a renewal that is under way shows, here and to another process`() async throws {
        let store = try SQLiteStore.inMemory()
        let tokens = TokenServer()
        tokens.isHeld.withLock { $0 = true }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, store: store) { (here: Rig) async throws in
                try await Rig.run(server, store: store) { (there: Rig) async throws in
                    let first = Task { try await here.get().status }
                    while server.count("/token") == 0 { try await Task.sleep(for: .milliseconds(2)) }
                    #expect(try await here.session.status().state == .renewing)
                    #expect(try await there.session.status().state == .renewing)
                    let identity = try #require(await there.session.knownIdentity())
                    #expect(try await store.renewing(now: SystemClock().now()) == [identity])
                    tokens.isHeld.withLock { $0 = false }
                    #expect(try await first.value == 200)
                    #expect(try await there.session.status().state == .valid)
                }
            }
        }
    }

    @Test func `revoking gives the token back and forgets it; a refused revocation keeps it`() async throws {
        let refuses = Mutex(true)
        let text = """
            connector: oauth2_client_credentials
            fields: { token_url: BASE/token, revocation_url: BASE/revoke, client_id: me, client_secret: { env: SECRET }, base_url: BASE }
            """
        try await ScriptedServer.run { request in
            switch request.path {
            case "/token": .json(#"{"access_token":"access-0001","refresh_token":"refresh-0001"}"#)
            case "/revoke": ScriptedServer.Reply(refuses.withLock { $0 } ? 503 : 200)
            default: .json("{}")
            }
        } _: { server in
            try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                #expect(try await rig.session.revoke() == .nothing)
                _ = try await rig.get()
                await #expect(throws: ConnectionError.self) { try await rig.session.revoke() }
                #expect(try await rig.session.status().state == .valid)
                refuses.withLock { $0 = false }
                #expect(try await rig.session.revoke() == .revoked)
                #expect(server.requests.last?.body == "token=refresh-0001&token_type_hint=refresh_token")
                #expect(try await rig.session.status().state == .new)
                _ = try await rig.get()
                #expect(server.count("/token") == 2)
            }
        }
    }
}
