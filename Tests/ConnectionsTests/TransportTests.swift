import CEL
import Foundation
import Recipe
import Schedule
import Synchronization
import TestSupport
import Testing

@testable import Connections

struct TransportTests {
    private static let plain = "fields: [ { name: base_url } ]\nbase_uri: BASE"

    private func run(
        _ reply: ScriptedServer.Reply,
        delay: Duration = .zero,
        _ body: (Rig) async throws -> Void
    ) async throws {
        try await ScriptedServer.run { _ in
            if delay > .zero { try? await Task.sleep(for: delay) }
            return reply
        } _: { server in
            try await Rig.run(server, connector: Self.plain, connection: "connector: api", body)
        }
    }

    @Test func `a refused port is one sentence with method and host`() async throws {
        try await run(.json("{}")) { (rig: Rig) async throws in
            let failure = await rig.directFailure("http://127.0.0.1:1/x?key=value-12345")
            #expect(failure?.message == "GET 127.0.0.1:1: connection refused; is the server running?")
            #expect(failure?.kind == .network)
        }
    }

    @Test func `an unknown host is said to be unknown`() async throws {
        try await run(.json("{}")) { (rig: Rig) async throws in
            let failure = await rig.directFailure("http://no-such-host.invalid/x")
            #expect(
                failure?.message == "GET no-such-host.invalid: the host is unknown; check the name, and that DNS works"
            )
        }
    }

    @Test func `TLS to a server without TLS is a TLS failure`() async throws {
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: Self.plain, connection: "connector: api") { (rig: Rig) async throws in
                let failure = await rig.directFailure("https://127.0.0.1:\(server.port)/")
                #expect(failure?.kind == .tls, "\(failure?.message ?? "")")
            }
        }
    }

    @Test func `the attempt's timeout covers the whole answer`() async throws {
        try await run(.json("{}"), delay: .seconds(5)) { (rig: Rig) async throws in
            var request = PreparedRequest(.get, "/x")
            request.timeout = .milliseconds(100)
            let failure = await rig.failure(request)
            #expect(failure?.kind == .timeout)
            #expect(failure?.message.hasSuffix("no complete answer within 100ms") == true || failure?.kind == .timeout)
        }
    }

    @Test func `a server that has the request and is silent for too long is told from one that is slow`() async throws {
        try await ScriptedServer.run({ request in
            try? await Task.sleep(for: request.path == "/silent" ? .seconds(600) : .milliseconds(1))
            return .json("{}")
        }) { (server: ScriptedServer) async throws in
            let impatient = HTTPTransport(userAgent: "test", idleTimeout: .milliseconds(200))
            let patient = HTTPTransport(userAgent: "test")
            func request(_ path: String, within timeout: Duration) -> OutgoingRequest {
                OutgoingRequest(
                    method: "GET",
                    url: server.baseURL + path,
                    headers: [],
                    timeout: timeout,
                    maxBytes: 100
                )
            }
            await #expect(throws: TransportError(.timeout, "nothing came for 200ms")) {
                try await impatient.send(request("/silent", within: .seconds(600)))
            }
            await #expect(throws: TransportError(.timeout, "no complete answer within 100ms")) {
                try await patient.send(request("/silent", within: .milliseconds(100)))
            }
            #expect(try await patient.send(request("/", within: .seconds(600))).status == 200)
            await impatient.shutdown()
            await patient.shutdown()
        }
    }

    @Test func `a memo of another URL, method or body changes nothing of a request`() async throws {
        try await ScriptedServer.run { request in
            .json("{\"was\": \"\(request.method) \(request.path)?\(request.query) \(request.body)\"}")
        } _: { server in
            try await Rig.run(server, connector: Self.plain, connection: "connector: api") { (rig: Rig) async throws in
                let memo = URLMemo()
                func answer(_ method: HTTPMethod, _ url: String, _ text: String? = nil) async throws -> Value? {
                    var request = PreparedRequest(method, url)
                    request.memo = memo
                    if let text { request.body = .text(text) }
                    return try await rig.session.send(request).body["was"]
                }
                for _ in 0..<2 {
                    #expect(try await answer(.get, "/a") == "GET /a? ")
                    #expect(try await answer(.get, "/a") == "GET /a? ")
                    #expect(try await answer(.get, "/a?x=1") == "GET /a?x=1 ")
                    #expect(try await answer(.put, "/a", "first") == "PUT /a? first")
                    #expect(try await answer(.put, "/a", "second") == "PUT /a? second")
                    #expect(try await answer(.put, "/a") == "PUT /a? ")
                }
            }
        }
    }

    @Test func `a body beyond max_bytes is refused`() async throws {
        try await run(ScriptedServer.Reply(200, body: String(repeating: "x", count: 2_000))) {
            (rig: Rig) async throws in
            var request = PreparedRequest(.get, "/x")
            request.maxBytes = 1_000
            let failure = await rig.failure(request)
            #expect(failure?.kind == .body)
            #expect(failure?.message.contains("larger than 1000 bytes") == true)
        }
    }

    @Test func `no JSON where JSON is wanted says where and what came`() async throws {
        try await run(ScriptedServer.Reply(200, headers: [("Content-Type", "text/html")], body: "<html>\n<p>x</p>")) {
            (rig: Rig) async throws in
            var request = PreparedRequest(.get, "/x")
            request.format = .json
            let failure = await rig.failure(request)
            #expect(failure?.kind == .body)
            #expect(failure?.message.contains("200, but the body is no JSON (line 1, column 1") == true)
            #expect(failure?.message.contains("`<html> <p>x</p>`") == true)
            #expect(try await rig.get().body == "<html>\n<p>x</p>")
        }
    }

    @Test(
        arguments: [
            (.json(#"{"a":1}"#), ["a": 1]), (.json(""), [:]),
            (
                ScriptedServer.Reply(
                    200,
                    headers: [("Content-Type", "application/problem+json; charset=utf-8")],
                    body: "[1]"
                ), .list([1])
            ),
            (ScriptedServer.Reply(200, body: "plain"), "plain"), (ScriptedServer.Reply(204), ""),
            (ScriptedServer.Reply(200, headers: [("Content-Type", "text/plain")], body: "{}"), "{}"),
            (.json("<oops>", status: 500), "<oops>"),
        ] as [(ScriptedServer.Reply, Value)]
    )
    func `reads bodies by their content type`(_ reply: ScriptedServer.Reply, _ body: Value) async throws {
        try await run(reply) { (rig: Rig) async throws in #expect(try await rig.get().body == body) }
    }

    @Test func `the response's value has lower-case headers, repeated ones as a list`() async throws {
        try await run(.json("{}", status: 201, headers: [("X-A", "1"), ("x-a", "2"), ("Link", "l")])) {
            (rig: Rig) async throws in
            let value = try await rig.get().value
            #expect(value["status"] == 201)
            #expect(value["headers"]?["x-a"] == ["1", "2"])
            #expect(value["headers"]?["link"] == "l")
        }
    }

    @Test func `says who it is, and tells when the request goes out`() async throws {
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: Self.plain, connection: "connector: api") { (rig: Rig) async throws in
                let sent = Mutex(0)
                var request = PreparedRequest(.get, "/x")
                request.onSend = { sent.withLock { $0 += 1 } }
                _ = try await rig.session.send(request)
                #expect(sent.withLock { $0 } == 1)
                #expect(server.requests.first?.header("user-agent") == "runner/test")
                #expect(server.requests.first?.header("accept")?.hasPrefix("application/json") == true)
            }
        }
    }

    @Test func `a cancelled request ends at once`() async throws {
        try await run(.json("{}"), delay: .seconds(20)) { (rig: Rig) async throws in
            let begin = ContinuousClock.now
            let task = Task { try await rig.get() }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            await #expect(throws: RequestFailure.self) { try await task.value }
            #expect(begin.duration(to: .now) < .seconds(15))
        }
    }

    @Test func `1,000 requests in the same instant arrive soon`() async throws {
        let arrivals = Mutex<[ContinuousClock.Instant]>([])
        try await ScriptedServer.run { _ in
            arrivals.withLock { $0.append(.now) }
            return .json("{}")
        } _: { server in
            try await Rig.run(server, connector: Self.plain, connection: "connector: api") { (rig: Rig) async throws in
                let begin = ContinuousClock.now
                #expect(await rig.storm(1_000) == [200: 1_000])
                let last = arrivals.withLock { $0.max() } ?? begin
                print("1,000 requests arrived within \(begin.duration(to: last))")
            }
        }
    }

    @Test(
        arguments: [
            ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
            ("Sun Nov  6 08:49:37 1994", 37), ("never", nil), ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
        ] as [(String, Double?)]
    )
    func `reads Retry-After in seconds and as a date`(_ text: String, _ seconds: Double?) throws {
        let now = try #require(Instant(rfc3339: "1994-11-06T08:49:00Z"))
        let wait = RetryAfter.wait(status: 503, headers: [("retry-after", text)], now: now)
        #expect(wait == seconds.map { .seconds($0) })
    }

    @Test func `reads the reset of a rate limit on 429`() {
        let now = Instant(seconds: 1_700_000_000)
        #expect(RetryAfter.wait(status: 429, headers: [("RateLimit-Reset", "7")], now: now) == .seconds(7))
        #expect(RetryAfter.wait(status: 429, headers: [("X-RateLimit-Reset", "1700000030")], now: now) == .seconds(30))
        #expect(RetryAfter.wait(status: 500, headers: [("RateLimit-Reset", "7")], now: now) == nil)
    }
}

extension Rig {
    func directFailure(_ url: String) async -> RequestFailure? {
        do {
            _ = try await manager.directSession.send(PreparedRequest(.get, url))
            return nil
        } catch {
            return error
        }
    }
}

/// Waiting for one of the connections to a host is no failure to reach it.
@Suite(.timeLimit(.minutes(10))) struct ConnectionsPerHostTests {
    @Test func `requests beyond the connections of a host wait for their turn`() async throws {
        try await expectAnswers(to: 20, connections: 2) { try? await Task.sleep(for: .milliseconds(20)) }
    }

    @Test func `as many requests as a host may have connections are under way at the same time`() async throws {
        let together = Meeting(of: 150)
        try await expectAnswers(to: 150, connections: 150) { await together.join() }
    }

    private static func request(_ method: String = "GET", to server: ScriptedServer) -> OutgoingRequest {
        OutgoingRequest(
            method: method,
            url: server.baseURL + "/x",
            headers: [],
            timeout: .seconds(600),
            maxBytes: 1 << 20
        )
    }

    /// Sends requests over one connection to a server that answers when `open` is finished, once the first has arrived there.
    private func withOneConnection(
        threads: Int? = nil,
        _ body:
            @escaping @Sendable (
                _ send: @escaping @Sendable () async throws -> Int,
                _ transport: HTTPTransport,
                _ open: AsyncStream<Void>.Continuation
            ) async throws -> Void
    ) async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let (arrived, arrive) = AsyncStream<Void>.makeStream()
        try await ScriptedServer.run({ _ in
            arrive.yield()
            for await _ in gate { break }
            return ScriptedServer.Reply(200)
        }) { server in
            let transport = HTTPTransport(userAgent: "test", connectionsPerHost: 1, threads: threads)
            let request = Self.request(to: server)
            let send = { @Sendable in try await transport.send(request).status }
            let first = Task { try? await send() }
            for await _ in arrived { break }
            try await body(send, transport, open)
            open.finish()
            _ = await first.value
            await transport.shutdown()
        }
    }

    @Test func `one that is cancelled while it waits goes at once, and the next has its turn`() async throws {
        try await withOneConnection { (send, _, open) async throws in
            let second = Task { try await send() }
            let third = Task { try await send() }
            second.cancel()
            await #expect { try await second.value } throws: { ($0 as? TransportError)?.kind == .cancelled }
            let late = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await send()
            }
            await #expect { try await late.value } throws: { ($0 as? TransportError)?.kind == .cancelled }
            open.finish()
            #expect(try await third.value == 200)
        }
    }

    @Test func `a request whose body cannot be read gives its connection back`() async throws {
        try await ScriptedServer.run({ _ in ScriptedServer.Reply(200) }) { (server: ScriptedServer) async throws in
            let transport = HTTPTransport(userAgent: "test", connectionsPerHost: 1)
            var request = Self.request("POST", to: server)
            for _ in 0..<3 {
                request.body = nil
                request.pieces = [.bytes([1]), .file(UploadFile(path: "/no/such/file", size: 10))]
                let unreadable = request
                await #expect(throws: TransportError.self) { try await transport.send(unreadable) }
                request.pieces = nil
                request.body = Array(repeating: 65, count: 5 << 20)
                #expect(try await transport.send(request).status == 200)
            }
            await transport.shutdown()
        }
    }

    @Test(arguments: [nil, 1]) func `a shutdown ends those that wait as well`(threads: Int?) async throws {
        try await withOneConnection(threads: threads) { (send, transport, _) async throws in
            await withTaskGroup(of: Int?.self) { group in
                for _ in 0..<20 { group.addTask { try? await send() } }
                await transport.shutdown()
                for await status in group { #expect(status == nil) }
            }
            await #expect(throws: TransportError.self) { try await send() }
        }
    }

    /// Sends so many requests at once to a server that does `work` before each answer.
    private func expectAnswers(
        to count: Int,
        connections: Int,
        after work: @escaping @Sendable () async -> Void
    ) async throws {
        try await ScriptedServer.run({ _ in
            await work()
            return ScriptedServer.Reply(200)
        }) { server in
            let transport = HTTPTransport(userAgent: "test", connectionsPerHost: connections)
            let request = Self.request(to: server)
            let statuses = await withTaskGroup(of: Int.self) { group in
                for _ in 0..<count {
                    group.addTask { (try? await transport.send(request).status) ?? 0 }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 200, count: count))
            await transport.shutdown()
        }
    }

    @Test func `a transport that nobody shut down closes its connections when it goes`() async throws {
        try await ScriptedServer.run({ _ in ScriptedServer.Reply(200) }) { (server: ScriptedServer) async throws in
            let status = try await HTTPTransport(userAgent: "test").send(Self.request(to: server)).status
            #expect(status == 200)
            while server.openConnections > 0 { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    @Test func `warming up sends a request to itself and has it answered`() async {
        #expect(await HTTPTransport.warmUp())
    }
}

/// Lets nobody go on before all have come.
private actor Meeting {
    private var missing: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(of count: Int) { missing = count }

    func join() async {
        missing -= 1
        if missing > 0 { return await withCheckedContinuation { waiting.append($0) } }
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
