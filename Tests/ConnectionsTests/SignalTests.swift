import CEL
import Connections
import Foundation
import Recipe
import Schedule
import Store
import Synchronization
import TestSupport
import Testing

struct SignalTests {
    @Test func `a signal renews once and the request is sent again`() async throws {
        let tokens = TokenServer(delay: .milliseconds(30))
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                _ = try await rig.get()
                tokens.expireAll()
                #expect(await rig.storm(300) == [200: 300])
                #expect(tokens.issued == 2)
            }
        }
    }

    @Test func `a resource that always answers 403 costs two token requests for 1,000 jobs`() async throws {
        let tokens = TokenServer()
        tokens.refusal.withLock { $0 = .json("{}", status: 403) }
        let connector = Rig.connector(refreshOn: "[401, 403]")
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                #expect(await rig.storm(1_000) == [403: 1_000])
                #expect(tokens.issued == 2)
                #expect(await rig.storm(100) == [403: 100])
                #expect(tokens.issued == 2)
                #expect(try await rig.get().renewalDidNotHelp)
            }
        }
    }

    @Test func `a resource that always answers 403 costs no token request per process either`() async throws {
        let tokens = TokenServer()
        let store = try SQLiteStore.inMemory()
        let clock = ManualClock()
        tokens.refusal.withLock { $0 = .json("{}", status: 403) }
        let connector = Rig.connector(refreshOn: "[401, 403]")
        try await ScriptedServer.run(tokens.answer) { server in
            for _ in 0..<5 {
                try await Rig.run(server, connector: connector, clock: clock, store: store) { (rig: Rig) async throws in
                    #expect(await rig.storm(20) == [403: 20])
                    #expect(try await rig.get().renewalDidNotHelp)
                    #expect(tokens.issued == 2)
                }
            }
            clock.advance(by: .seconds(61))
            try await Rig.run(server, connector: connector, clock: clock, store: store) { (rig: Rig) async throws in
                #expect(await rig.storm(20) == [403: 20])
                #expect(tokens.issued == 3)
            }
        }
    }

    @Test func `detect_on looks into what is saved to a file`() async throws {
        let directory = try TemporaryFiles([:])
        let tokens = TokenServer()
        let connector = Rig.connector(refreshOn: "[401, /session gone/]", extra: "detect_on: [/session gone/]")
        let answers = Mutex(["session gone", "the data"])
        try await ScriptedServer.run { request in
            guard request.path == "/file" else { return await tokens.answer(request) }
            return ScriptedServer.Reply(200, body: answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] })
        } _: { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                var request = PreparedRequest(.get, "/file")
                request.saveTo = SaveTarget(path: directory.path + "/out", mark: "test")
                let response = try await rig.session.send(request)
                try response.file?.commit()
                #expect(try String(contentsOfFile: directory.path + "/out", encoding: .utf8) == "the data")
                #expect(tokens.issued == 2 && server.count("/file") == 2)
                answers.withLock { $0 = ["again: session gone"] }
                let failure = try #require(await rig.failure(request))
                #expect(failure.message.contains("`detect_on` looks for"), "\(failure.message)")
            }
        }
    }

    @Test func `a token of a signal is not renewed again by a process that waited for its first one`() async throws {
        let store = try SQLiteStore.inMemory()
        let (hands, otherHands) = (ManualClock(), ManualClock())
        let tokens = TokenServer()
        tokens.refusal.withLock { $0 = .json("{}", status: 401) }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, clock: hands, store: store) { (here: Rig) async throws in
                try await Rig.run(server, clock: otherHands, store: store) { (there: Rig) async throws in
                    let identity = try #require(await there.session.knownIdentity())
                    let busy = NodeID("busy")
                    let now = hands.now()
                    _ = try await store.leaseRenewal(of: identity, holder: busy, now: now, until: now + .seconds(30))
                    let waiting = Task { try await there.get().status }
                    while otherHands.sleeperCount == 0 { try await Task.sleep(for: .milliseconds(2)) }
                    try await store.releaseRenewal(of: identity, holder: busy)
                    // Two tokens: the first one, and that of the signal.
                    #expect(try await here.get().status == 401)
                    #expect(tokens.issued == 2)
                    otherHands.advance(by: .seconds(1))
                    #expect(try await waiting.value == 401)
                    #expect(tokens.issued == 2)
                }
            }
        }
    }

    @Test func `a token of a signal that has served another process is renewed when it is revoked`() async throws {
        let tokens = TokenServer()
        let store = try SQLiteStore.inMemory()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, store: store) { (rig: Rig) async throws in
                _ = try await rig.get()
                tokens.expireAll()
                _ = try await rig.get()
            }
            try await Rig.run(server, store: store) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                tokens.expireAll()
                #expect(await rig.storm(20) == [200: 20])
                #expect(tokens.issued == 3)
            }
        }
    }

    @Test func `other requests keep working beside one that is always refused`() async throws {
        let tokens = TokenServer()
        let clock = ManualClock()
        try await ScriptedServer.run { request in
            request.path == "/admin" ? .json("{}", status: 403) : await tokens.answer(request)
        } _: { server in
            try await Rig.run(server, connector: Rig.connector(refreshOn: "[401, 403]"), clock: clock) {
                (rig: Rig) async throws in
                for _ in 0..<10 {
                    #expect(try await rig.get("/admin").status == 403)
                    #expect(try await rig.get("/me").status == 200)
                }
                #expect(tokens.issued == 2)
                clock.advance(by: .seconds(61))
                _ = try await rig.get("/admin")
                #expect(tokens.issued == 3)
            }
        }
    }

    @Test func `a stale signal does not renew: the newer token is used`() async throws {
        let tokens = TokenServer()
        let held = AsyncStream<Void>.makeStream()
        let isSlow = Mutex(true)
        try await ScriptedServer.run { request in
            if request.path == "/slow",
                isSlow.withLock({ slow in
                    defer { slow = false }
                    return slow
                })
            {
                // This answer to the first token comes after the renewal.
                for await _ in held.stream { break }
                return .json("{}", status: 401)
            }
            return await tokens.answer(request)
        } _: { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                _ = try await rig.get()
                let slow = Task { try await rig.get("/slow") }
                while server.count("/slow") == 0 { try await Task.sleep(for: .milliseconds(2)) }
                tokens.expireAll()
                #expect(try await rig.get().status == 200)
                held.continuation.yield()
                #expect(try await slow.value.status == 200)
                #expect(tokens.issued == 2)
            }
        }
    }

    @Test(arguments: [
        (#"["Unauthorized"]"#, ScriptedServer.Reply.json("{}", status: 401), true),
        (#"["401 Unauthorized"]"#, .json("{}", status: 401), true),
        (#"["Forbidden"]"#, .json("{}", status: 401), false),
        (#"["session gone"]"#, ScriptedServer.Reply(400, body: "session gone"), true),
        (#"["session"]"#, ScriptedServer.Reply(400, body: "session gone"), false),
        (#"["/session/"]"#, ScriptedServer.Reply(400, body: "the session is gone"), true),
        (#"["/SESSION/i"]"#, ScriptedServer.Reply(400, body: "the session is gone"), true),
        (#"["/^5/"]"#, ScriptedServer.Reply(503), true),
        ("[401]", ScriptedServer.Reply(500), false),
        ("[200]", ScriptedServer.Reply(200), false),
        ("", ScriptedServer.Reply(404), true),
    ])
    func `refresh_on takes statuses, whole texts and patterns`(
        _ signals: String,
        _ reply: ScriptedServer.Reply,
        _ renews: Bool
    ) async throws {
        let tokens = TokenServer()
        tokens.refusal.withLock { $0 = reply }
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: Rig.connector(refreshOn: signals)) { (rig: Rig) async throws in
                let response = try await rig.get()
                #expect(response.status == reply.status)
                #expect(response.renewalDidNotHelp == renews)
                #expect(tokens.issued == (renews ? 2 : 1))
            }
        }
    }

    @Test(arguments: [
        (#"["/\"status\":\\s*\"error\"/"]"#, #"["/Invalid session/"]"#, true),
        (#"["/\"status\":\\s*\"error\"/"]"#, "[401]", false),
        ("[200]", "[401, 200]", true),
    ])
    func `detect_on finds errors in successful answers, and refresh_on decides`(
        _ detect: String,
        _ refresh: String,
        _ renews: Bool
    ) async throws {
        let tokens = TokenServer()
        tokens.refusal.withLock { $0 = .json(#"{"status": "error", "text": "Invalid session"}"#) }
        let acquire = Rig.connector(refreshOn: refresh, extra: "detect_on: \(detect)")
        // Its own token answers must not be taken for errors.
        let connector = detect == "[200]" ? acquire.replacing("[200]", with: "[201]") : acquire
        if detect == "[200]" {
            tokens.refusal.withLock { $0 = .json("{}", status: 201) }
        }
        let effective = detect == "[200]" ? connector.replacing("[401, 200]", with: "[401, 201]") : connector
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: effective) { (rig: Rig) async throws in
                let failure = try #require(await rig.failure())
                guard case .response = failure.kind else {
                    Issue.record("\(failure.message)")
                    return
                }
                #expect(failure.message.contains("detect_on"))
                #expect(tokens.issued == (renews ? 2 : 1))
            }
        }
    }

    @Test func `replay never renews for the next request and gives the answer as it is`() async throws {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                _ = try await rig.get()
                tokens.expireAll()
                var request = PreparedRequest(.post, "/me")
                request.replay = .safe
                #expect(try await rig.session.send(request).status == 401)
                #expect(try await rig.get().status == 200)
                #expect(tokens.issued == 2)
                #expect(server.requests.count { $0.method == "POST" && $0.path == "/me" } == 1)
            }
        }
    }

    @Test func `acquire_when signal sends the first request without a token`() async throws {
        let tokens = TokenServer()
        let connector = Rig.connector(
            apply: "{ headers: { Authorization: \"Bearer ${{ connection.?access_token.orValue('')}}\" } }",
            extra: "acquire_when: signal"
        )
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                #expect(try await rig.get().status == 200)
                #expect(server.requests.map(\.path) == ["/me", "/token", "/me"])
            }
        }
    }
}
