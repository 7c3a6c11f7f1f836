import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization
import TestSupport
import Testing

struct RenewalTests {
    @Test func `acquires before the first request, once, and reuses the token`() async throws {
        let tokens = TokenServer(lifetime: 3_600)
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                #expect(await rig.storm(200) == [200: 200])
                #expect(server.count("/token") == 1)
                #expect(server.count("/me") == 200)
                #expect(try await rig.session.status().state == .valid)
                #expect(try await rig.session.status().lastRenewal?.reason == .firstUse)
            }
        }
    }

    @Test func `to prepare acquires what requests would wait for, and leaves errors to them`() async throws {
        let tokens = TokenServer(lifetime: 3_600)
        tokens.fault.withLock { $0 = .json(#"{"error":"invalid_client"}"#, status: 401) }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                await rig.session.prepare()
                #expect(server.count("/token") == 1)
                let failure = await #expect(throws: RequestFailure.self) { try await rig.get() }
                #expect(failure?.message.contains("invalid_client") == true)
                #expect(server.count("/token") == 1)
            }
            tokens.fault.withLock { $0 = nil }
            try await Rig.run(server) { (rig: Rig) async throws in
                await rig.session.prepare()
                await rig.session.prepare()
                #expect(tokens.issued == 1)
                #expect(try await rig.get().status == 200)
                #expect(tokens.issued == 1)
                #expect(server.count("/me") == 1)
            }
        }
    }

    @Test func `a stored token needs no token request and no secret`() async throws {
        let tokens = TokenServer(lifetime: 3_600)
        let store = try SQLiteStore.inMemory()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, store: store) { (rig: Rig) async throws in _ = try await rig.get() }
            try await Rig.run(server, environment: [:], store: store) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
            }
            #expect(tokens.issued == 1)
        }
    }

    @Test func `1,000 requests at the moment of expiry cost one token request`() async throws {
        let tokens = TokenServer(lifetime: 100, delay: .milliseconds(50))
        let clock = ManualClock()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, clock: clock) { (rig: Rig) async throws in
                _ = try await rig.get()
                clock.advance(by: .seconds(101))
                tokens.expireAll()
                #expect(await rig.storm(1_000) == [200: 1_000])
                #expect(tokens.issued == 2)
            }
        }
    }

    @Test func `renews ahead of expiry while the old token still serves`() async throws {
        let tokens = TokenServer(lifetime: 100)
        let clock = ManualClock()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, clock: clock) { (rig: Rig) async throws in
                _ = try await rig.get()
                clock.advance(by: .seconds(74))
                _ = try await rig.get()
                #expect(server.count("/token") == 1)
                tokens.isHeld.withLock { $0 = true }
                clock.advance(by: .seconds(7))
                #expect(try await rig.get().status == 200)
                // The request did not wait: the server has not answered the token request yet.
                #expect(tokens.issued == 1)
                tokens.isHeld.withLock { $0 = false }
            }
            #expect(tokens.issued == 2)
        }
    }

    @Test func `an idle connection does not renew`() async throws {
        let tokens = TokenServer(lifetime: 100)
        let clock = ManualClock()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, clock: clock) { (rig: Rig) async throws in
                _ = try await rig.get()
                for _ in 0..<100 {
                    clock.advance(by: .seconds(10))
                    try await Task.sleep(for: .milliseconds(1))
                }
                // It was used once after it came, which renews it once.
                #expect(tokens.issued <= 2)
                #expect(clock.sleeperCount == 0)
            }
        }
    }

    @Test func `a refresh token is used, rotated, and never presented twice`() async throws {
        let tokens = TokenServer(lifetime: 100, rotates: true)
        let clock = ManualClock()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: Rig.connector(refresh: true), clock: clock) {
                (rig: Rig) async throws in
                for round in 0..<5 {
                    #expect(await rig.storm(50) == [200: 50])
                    #expect(tokens.issued == round + 1)
                    tokens.expireAll()
                    clock.advance(by: .seconds(200))
                }
                #expect(tokens.state.withLock { $0.reused } == 0)
                #expect(tokens.state.withLock { $0.refreshed } == 4)
                #expect(try await rig.session.status().lastRenewal?.kind == .refresh)
            }
        }
    }

    @Test func `a refresh token that a dead process may have presented is not presented again`() async throws {
        let tokens = TokenServer(lifetime: 100, rotates: true)
        let clock = ManualClock()
        let store = try SQLiteStore.inMemory()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: Rig.connector(refresh: true), clock: clock, store: store) {
                (rig: Rig) async throws in
                _ = try await rig.get()
                // Another process took the lease and sent the refresh token; it died before it had written the answer.
                let identity = try #require(try await store.tokens().first?.identity)
                let start = clock.now()
                let end = start + .seconds(150)
                _ = try await store.leaseRenewal(of: identity, holder: NodeID("dead"), now: start, until: end)
                _ = tokens.state.withLock { $0.refreshTokens.popFirst() }
                clock.advance(by: .seconds(200))
                #expect(try await rig.get().status == 200)
                #expect(tokens.state.withLock { $0.reused } == 0)
                #expect(server.count("/token") == 2)
                #expect(try await rig.session.status().lastRenewal?.kind == .acquire)
            }
        }
    }

    @Test func `the old refresh token stays when the answer brings none`() async throws {
        let tokens = TokenServer(lifetime: 100)
        let clock = ManualClock()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: Rig.connector(refresh: true), clock: clock) {
                (rig: Rig) async throws in
                for _ in 0..<3 {
                    _ = try await rig.get()
                    clock.advance(by: .seconds(200))
                }
                #expect(tokens.state.withLock { $0.refreshed } == 2)
            }
        }
    }

    @Test func `a refused refresh token is followed by one acquire`() async throws {
        let tokens = TokenServer(lifetime: 100, rotates: true)
        let clock = ManualClock()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: Rig.connector(refresh: true), clock: clock) {
                (rig: Rig) async throws in
                _ = try await rig.get()
                tokens.state.withLock { $0.refreshTokens = [] }
                clock.advance(by: .seconds(200))
                #expect(try await rig.get().status == 200)
                #expect(server.count("/token") == 3)
                #expect(try await rig.session.status().lastRenewal?.kind == .acquire)
            }
        }
    }

    @Test func `a cancelled waiter leaves the renewal to the others`() async throws {
        let tokens = TokenServer(lifetime: 3_600, delay: .seconds(2))
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                let first = Task { try await rig.get() }
                while server.count("/token") == 0 { try await Task.sleep(for: .milliseconds(2)) }
                let second = Task { try await rig.get() }
                first.cancel()
                await #expect(throws: RequestFailure.self) { try await first.value }
                #expect(tokens.issued == 0, "the cancelled one does not wait for the renewal")
                #expect(try await second.value.status == 200)
                #expect(tokens.issued == 1)
            }
        }
    }

    @Test func `two processes on one store share one renewal`() async throws {
        let tokens = TokenServer(lifetime: 100, rotates: true, delay: .milliseconds(80))
        let store = try SQLiteStore.inMemory()
        let connector = Rig.connector(refresh: true)
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: connector, store: store) { one in
                try await Rig.run(server, connector: connector, store: store) { two in
                    async let first = one.storm(100)
                    async let second = two.storm(100)
                    #expect(await first == [200: 100])
                    #expect(await second == [200: 100])
                    #expect(tokens.issued == 1)
                    tokens.expireAll()
                    async let third = one.storm(100)
                    async let fourth = two.storm(100)
                    #expect(await third == [200: 100])
                    #expect(await fourth == [200: 100])
                    #expect(tokens.issued == 2)
                    #expect(tokens.state.withLock { $0.reused } == 0)
                }
            }
        }
    }

    @Test func `a token that another process renewed long ago, and that is spent as well, is not used`() async throws {
        let store = try SQLiteStore.inMemory()
        // Set, not moved: no timer rings that would renew it in time.
        let (hands, otherHands) = (ManualClock(), ManualClock())
        let tokens = TokenServer(lifetime: 100)
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, clock: hands, store: store) { (here: Rig) async throws in
                try await Rig.run(server, clock: otherHands, store: store) { (there: Rig) async throws in
                    #expect(try await here.get().status == 200)
                    otherHands.set(by: .seconds(200))
                    #expect(try await there.get().status == 200)
                    #expect(tokens.issued == 2)
                    hands.set(by: .seconds(400))
                    tokens.expireAll()
                    let before = server.count("/me")
                    #expect(try await here.get().status == 200)
                    #expect(tokens.issued == 3)
                    #expect(server.count("/me") == before + 1)
                }
            }
        }
    }

    @Test func `a renewal lease whose holder died is taken over after its time`() async throws {
        let tokens = TokenServer(lifetime: 100)
        let store = try SQLiteStore.inMemory()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, store: store) { (rig: Rig) async throws in
                _ = try await rig.get()
                let record = try #require(try await store.tokens().first)
                let now = SystemClock().now()
                _ = try await store.leaseRenewal(
                    of: record.identity,
                    holder: NodeID(),
                    now: now,
                    until: now + .milliseconds(300)
                )
                tokens.expireAll()
                #expect(try await rig.get().status == 200)
                #expect(SystemClock().now() - now >= .milliseconds(300))
                #expect(tokens.issued == 2)
            }
        }
    }

    @Test func `a renewal by hand renews a good token`() async throws {
        let tokens = TokenServer(lifetime: 3_600)
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                _ = try await rig.get()
                try await rig.session.renew()
                #expect(tokens.issued == 2)
                #expect(try await rig.session.status().generation == 2)
                #expect(try await rig.session.status().lastRenewal?.reason == .manual)
            }
        }
    }

    @Test func `a changed secret renews a token that is still good`() async throws {
        let tokens = TokenServer(lifetime: 3_600)
        let store = try SQLiteStore.inMemory()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, store: store) { (rig: Rig) async throws in _ = try await rig.get() }
            try await Rig.run(server, environment: ["SECRET": "another-secret"], store: store) {
                (rig: Rig) async throws in
                _ = try await rig.get()
            }
            #expect(tokens.issued == 2)
        }
    }

    @Test func `acquire may take several steps, whose last result is merged`() async throws {
        let connector = """
            fields: [ { name: base_url } ]
            authorization:
              type: custom_auth
              acquire:
                - { id: login, post: /login, json: { user: me }, output: { session: "${{ response.body.id }}" } }
                - get: "/tenant?session=${{ actions.login.session }}"
                  output: { sid: "${{ actions.login.session }}", api: "${{ response.body.url }}" }
              refresh_on: [401]
              apply: { query: { sid: "${{ connection.sid }}" } }
            base_uri: "${{ connection.?api.orValue(connection.base_url) }}"
            """
        try await ScriptedServer.run { request in
            switch request.path {
            case "/login": .json(#"{"id":"session-0815"}"#)
            case "/tenant": .json(#"{"url":"http://HOST/v2/"}"#.replacing("HOST", with: request.header("host") ?? ""))
            default: request.query == "a=1&sid=session-0815" ? .json("{}") : .json("{}", status: 401)
            }
        } _: { server in
            try await Rig.run(server, connector: connector, connection: "connector: api\nfields: { base_url: BASE }") {
                (rig: Rig) async throws in
                #expect(try await rig.get("items?a=1&sid=old").status == 200)
                #expect(server.count("/v2/items") == 1)
                #expect(server.count("/tenant") == 1)
            }
        }
    }

    @Test func `body injection adds a session id to JSON and forms`() async throws {
        let connector = Rig.connector(apply: "{ body: { session: \"${{ connection.access_token }}\" } }")
        let tokens = TokenServer()
        try await ScriptedServer.run { request in
            request.path == "/token" ? await tokens.answer(request) : .json("{}")
        } _: { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                var request = PreparedRequest(.post, "/items")
                request.body = .json(["a": 1])
                _ = try await rig.session.send(request)
                request.body = .form([("a", "x y"), ("session", "old")])
                _ = try await rig.session.send(request)
                let bodies = server.requests.filter { $0.path == "/items" }.map(\.body)
                #expect(bodies == [#"{"a":1,"session":"access-token-1"}"#, "a=x+y&session=access-token-1"])
            }
        }
    }

    @Test func `a secret in a file is read again for each renewal`() async throws {
        let directory = try TemporaryFiles(["subject": "subject-token-1\n"])
        let tokens = TokenServer()
        let text =
            "connector: oauth2_token_exchange\nfields: { token_url: /token, subject_token: { file: \(directory.path)/subject }, base_url: BASE }"
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: nil, connection: text) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                try directory.write("subject-token-2\n", to: "subject")
                tokens.expireAll()
                #expect(try await rig.get().status == 200)
                #expect(
                    server.requests.last { $0.path == "/token" }?.body.contains("subject_token=subject-token-2&")
                        == true
                )
                #expect(rig.redactor.redact("subject-token-1 subject-token-2") == "••• •••")
                // One that is gone for a moment does not end what still works.
                try directory.remove("subject")
                tokens.expireAll()
                #expect(try await rig.get().status == 200)
                #expect(tokens.issued == 3)
            }
        }
    }
}
