import CEL
import Connections
import Foundation
import Recipe
import Store
import Synchronization
import TestSupport
import Testing

/// What is worked out once for many requests, and when it is worked out anew.
@Suite(.timeLimit(.minutes(2))) struct GroundworkTests {
    @Test func `a header that depends on the time or on chance is another one for each request`() async throws {
        let apply = """
            { headers: { Authorization: "Bearer ${{ connection.access_token }}", X-ID: "${{ uuid() }}" }, query: { at: "${{ now() }}" } }
            """
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: Rig.connector(apply: apply)) { (rig: Rig) async throws in
                for _ in 0..<3 { #expect(try await rig.get().status == 200) }
                let requests = server.requests.filter { $0.path == "/me" }
                #expect(Set(requests.map { $0.header("x-id") }).count == 3)
                #expect(Set(requests.map(\.query)).count == 3)
            }
        }
    }

    @Test func `after a revocation the new token is sent, although its generation is that of the old one`()
        async throws
    {
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server) { (rig: Rig) async throws in
                for number in 1...3 {
                    #expect(try await rig.get().status == 200)
                    #expect(try await rig.get().status == 200)
                    #expect(server.requests.last?.header("authorization") == "Bearer access-token-\(number)")
                    #expect(try await rig.session.status().generation == 1)
                    #expect(try await rig.session.revoke() == .forgotten)
                }
            }
        }
    }

    @Test func `a base_uri that the token brings follows each token`() async throws {
        let issued = Mutex(0)
        try await ScriptedServer.run { request in
            guard request.path == "/token" else { return .json("{}", status: request.path == "/old/me" ? 401 : 200) }
            let place = issued.withLock { issued -> String in
                issued += 1
                return issued == 1 ? "old" : "new"
            }
            return .json(#"{"access_token":"access-0001","place":"\#(place)"}"#)
        } _: { server in
            let connector = Rig.connector().replacing(
                "base_uri: ${{ connection.base_url }}",
                with: "base_uri: \"${{ connection.base_url }}/${{ connection.?place.orValue('none') }}/\""
            )
            try await Rig.run(server, connector: connector) { (rig: Rig) async throws in
                #expect(try await rig.get("me").url.hasSuffix("/new/me"))
                #expect(try await rig.get("me").url.hasSuffix("/new/me"))
                #expect(server.requests.map(\.path) == ["/token", "/old/me", "/token", "/new/me", "/new/me"])
            }
        }
    }

    @Test func `what apply cannot evaluate is said at each request, and nothing is sent`() async throws {
        let tokens = TokenServer()
        let apply = "{ headers: { Authorization: \"Bearer ${{ connection.access_token + 1 }}\" } }"
        try await ScriptedServer.run(tokens.answer) { server in
            try await Rig.run(server, connector: Rig.connector(apply: apply)) { (rig: Rig) async throws in
                for _ in 0..<2 {
                    let failure = try #require(await rig.failure())
                    #expect(failure.kind == .configuration)
                    #expect(failure.message.contains("`apply` of the connection `api`"), "\(failure.message)")
                }
                #expect(server.count("/me") == 0)
            }
        }
    }

    @Test func `a renewal by hand takes the secret that is there now`() async throws {
        let directory = NSTemporaryDirectory() + "groundwork-\(UUID())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        func write(_ secret: String) throws { try Data(secret.utf8).write(to: URL(filePath: directory + "/key")) }
        let connector = Rig.connector(
            apply:
                "{ headers: { Authorization: \"Bearer ${{ connection.access_token }}\", X-Key: \"${{ connection.client_secret }}\" } }"
        )
        let connection = """
            connector: api
            fields: { client_secret: { file: \(directory)/key }, base_url: BASE }
            """
        let tokens = TokenServer()
        try await ScriptedServer.run(tokens.answer) { server in
            try write("first-secret")
            try await Rig.run(server, connector: connector, connection: connection) { (rig: Rig) async throws in
                _ = try await rig.get()
                #expect(server.requests.last?.header("x-key") == "first-secret")
                try write("second-secret")
                try await rig.session.renew()
                _ = try await rig.get()
                #expect(server.requests.last?.header("x-key") == "second-secret")
            }
        }
    }
}
