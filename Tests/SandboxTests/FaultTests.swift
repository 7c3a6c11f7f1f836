import Foundation
import Sandbox
import Testing

@Suite struct FaultTests {
    @Test func `fails as often as it is asked to, for each path and query`() async throws {
        try await withSandbox { client in
            let token = try await client.tokens().access
            for target in [
                "/api/v5/me?fail=503&times=2", "/api/v5/issues?fail=503&times=2", "/api/v5/me?fail=503&times=2&x=1",
            ] {
                var statuses: [Int] = []
                for _ in 0..<4 { statuses.append(try await client.get(target, token: token).status) }
                #expect(statuses == [503, 503, 200, 200])
            }
            for _ in 0..<3 { #expect(try await client.get("/health?fail=500").status == 500) }
            #expect(client.sandbox.statistics().statuses == [200: 7, 503: 6, 500: 3])
        }
    }

    @Test func `fails at the token endpoint too and counts the request`() async throws {
        try await withSandbox { client in
            let failed = try await client.post(
                form: "grant_type=client_credentials",
                to: "/oauth/token?fail=503&times=1"
            )
            #expect(failed.status == 503)
            let second = try await client.post(
                form: "grant_type=client_credentials",
                to: "/oauth/token?fail=503&times=1"
            )
            #expect(second.status == 200)
            #expect(client.sandbox.statistics().tokenRequests == 2)
            #expect(client.sandbox.statistics().clientCredentialsGrants == 1)
        }
    }

    struct Shape: Sendable {
        let query: String
        let status: Int
        var header: (name: String, value: String)?
        let body: String
    }

    @Test(arguments: [
        Shape(
            query: "fail=429&retry_after=2",
            status: 429,
            header: ("Retry-After", "2"),
            body: #"{"error":"fault","message":"the request asked for 429"}"#
        ),
        Shape(
            query: "fail=429&rate_limit_reset=3&error_body=slow+down",
            status: 429,
            header: ("RateLimit-Reset", "3"),
            body: "slow down"
        ),
        Shape(
            query: "ok_error=1",
            status: 200,
            header: ("Content-Type", "application/json"),
            body: #"{"status":"error","message":"Invalid session"}"#
        ),
        Shape(
            query: "error_body=%7B%22error%22%3A%22x%22%7D",
            status: 200,
            header: ("Content-Type", "application/json"),
            body: #"{"error":"x"}"#
        ),
        Shape(
            query: "html=1",
            status: 200,
            header: ("Content-Type", "text/html; charset=utf-8"),
            body: "<!DOCTYPE html>\n<title>Sign in</title>\n<h1>Please sign in</h1>\n"
        ),
        Shape(
            query: "fail=401",
            status: 401,
            header: ("WWW-Authenticate", #"Bearer realm="sandbox", error="invalid_token""#),
            body: #"{"error":"fault","message":"the request asked for 401"}"#
        ),
    ])
    func `answers in the shape that was asked for`(shape: Shape) async throws {
        try await withSandbox { client in
            let reply = try await client.get("/api/v5/me?\(shape.query)")
            #expect(reply.status == shape.status)
            #expect(reply.text == shape.body)
            if let header = shape.header { #expect(reply.header(header.name) == header.value) }
        }
    }

    @Test func `redirects where it is told to`() async throws {
        try await withSandbox { client in
            let reply = try await client.get("/echo?redirect=\(client.address.baseURL)/health")
            #expect(reply.text == #"{"status":"ok"}"#)
        }
    }

    @Test(arguments: ["close=1", "close=after", "truncate=1"])
    func `breaks the connection`(query: String) async throws {
        try await withSandbox { client in
            await #expect(throws: (any Error).self) { try await client.get("/health?\(query)") }
            let next = try await client.get("/health")
            #expect(next.status == 200)
        }
    }

    @Test func `drops the connection after the message was taken, so that a retry is a duplicate`() async throws {
        try await withSandbox { client in
            let token = try await client.tokens().access
            let path = "/api/v5/messages?close=after&times=1"
            await #expect(throws: (any Error).self) {
                try await client.post(json: "{}", to: path, token: token, key: "k")
            }
            #expect(try await client.post(json: "{}", to: path, token: token, key: "k").status == 201)
            let statistics = client.sandbox.statistics()
            #expect(statistics.messages == 1)
            #expect(statistics.duplicates == 1)
            #expect(statistics.drops == 1)
        }
    }

    @Test(arguments: [("2s", Duration.seconds(2)), ("250ms", .milliseconds(250)), ("1m", .seconds(60))])
    func `answers late`(text: String, delay: Duration) async throws {
        let clock = ManualClock()
        try await withSandbox(clock: clock) { client in
            async let answer = client.get("/health?delay=\(text)")
            #expect(await clock.nextSleep() == delay)
            clock.advance(by: delay)
            let reply = try await answer
            #expect(reply.status == 200)
        }
    }

    @Test(arguments: [
        "fail=99", "fail=x", "times=-1&fail=500", "delay=2", "delay=s", "close=2", "html=yes", "retry_after=2",
    ])
    func `refuses a fault that cannot be`(query: String) async throws {
        try await withSandbox { client in
            let reply = try await client.get("/health?\(query)")
            #expect(reply.status == 400)
        }
    }
}
