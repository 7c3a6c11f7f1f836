import AsyncHTTPClient
import Foundation
import Sandbox
import Testing

@Suite struct SandboxTests {
    @Test func `counts what happened`() async throws {
        try await withSandbox { client in
            let token = try await client.tokens().access
            for _ in 0..<3 { _ = try await client.get("/api/v5/me", token: token) }
            _ = try await client.get("/api/v5/issues/1", token: token)
            _ = try await client.get("/api/v5/me")
            let expected =
                #"{"token_requests":1,"client_credentials_grants":1,"refresh_grants":0,"refresh_reuse":0,"#
                + #""client":{"id":"demo-client","secret":"demo-secret"},"#
                + #""routes":{"GET /api/v5/issues/:id":1,"GET /api/v5/me":4,"POST /oauth/token":1},"#
                + #""statuses":{"200":5,"401":1},"drops":0,"messages":0,"duplicates":0}"#
            #expect(try await client.get("/_stats").text == expected)
            #expect(try await client.get("/_stats").text == expected)
        }
    }

    @Test func `tells when requests arrived`() async throws {
        try await withSandbox { client in
            let before = Date().timeIntervalSince1970
            for _ in 0..<3 { _ = try await client.get("/health") }
            let text = try await client.get("/_stats?arrivals=1").text
            let after = Date().timeIntervalSince1970
            let report = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let times = try #require((report["arrivals"] as? [String: [Double]])?["GET /health"])
            #expect(times.count == 3)
            #expect(times == times.sorted())
            #expect(times.allSatisfy { (before - 0.001...after + 0.001).contains($0) })
        }
    }

    @Test func `starts afresh, with or without the tokens`() async throws {
        try await withSandbox { client in
            let token = try await client.tokens().access
            _ = try await client.post(json: "1", to: "/api/v5/messages", token: token, key: "a")
            _ = try await client.get("/health?fail=500&times=1")
            #expect(try await client.send("POST", "/_reset?keep=tokens").status == 204)
            #expect(client.sandbox.statistics().tokenRequests == 0)
            #expect(client.sandbox.statistics().messages == 0)
            #expect(client.sandbox.statistics().routes.isEmpty)
            #expect(try await client.get("/health?fail=500&times=1").status == 500)
            #expect(try await client.get("/api/v5/me", token: token).status == 200)
            #expect(try await client.send("POST", "/_reset").status == 204)
            #expect(try await client.get("/api/v5/me", token: token).status == 401)
        }
    }

    @Test func `runs several at once, each with its own tokens`() async throws {
        try await withSandbox { first in
            try await withSandbox { second in
                #expect(first.address.port != second.address.port)
                let token = try await first.tokens().access
                #expect(try await first.get("/api/v5/me", token: token).status == 200)
                #expect(try await second.get("/api/v5/me", token: token).status == 401)
                #expect(second.sandbox.statistics().tokenRequests == 0)
            }
        }
    }

    @Test func `says that a port is taken`() async throws {
        try await withSandbox { client in
            let port = client.address.port
            await #expect(throws: SandboxError.portInUse(port)) {
                try await Sandbox(SandboxConfiguration(port: port)).run()
            }
        }
    }

    @Test(arguments: [
        SandboxConfiguration(port: 70_000), SandboxConfiguration(tokenLifetime: .zero),
        SandboxConfiguration(tokenLatency: .seconds(-1)), SandboxConfiguration(items: -1),
        SandboxConfiguration(perPage: 0),
    ])
    func `refuses settings that make no sense`(configuration: SandboxConfiguration) async throws {
        await #expect(throws: SandboxError.self) { try await Sandbox(configuration).run() }
    }

    @Test(.timeLimit(.minutes(1)))
    func `stops when its task is cancelled, with connections open, and gives the port back`() async throws {
        let sandbox = Sandbox()
        let (addresses, announce) = AsyncStream.makeStream(of: Sandbox.Address.self)
        let running = Task { try await sandbox.run { announce.yield($0) } }
        let address = try #require(await addresses.first { _ in true })
        // A connection pool keeps its connection open after this.
        #expect(try await SandboxClient(sandbox: sandbox, address: address).get("/health").status == 200)
        running.cancel()
        try await running.value
        try await Sandbox(SandboxConfiguration(port: address.port)).serve { #expect($0 == address) }
    }

    @Test func `serves many requests at the same instant`() async throws {
        try await withSandbox { client in
            let token = try await client.tokens().access
            let good = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<500 { group.addTask { try await client.get("/api/v5/me", token: token).status } }
                return try await group.reduce(0) { $0 + ($1 == 200 ? 1 : 0) }
            }
            #expect(good == 500)
            #expect(client.sandbox.statistics().routes["GET /api/v5/me"] == 500)
        }
    }
}
