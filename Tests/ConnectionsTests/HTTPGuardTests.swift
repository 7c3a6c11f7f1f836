import CEL
import Connections
import Foundation
import Recipe
import TestSupport
import Testing

/// What the HTTP client does not let happen: bombs, injected lines, redirects that take a body along.
struct HTTPGuardTests {
    private func run(_ reply: ScriptedServer.Reply, _ body: (Rig, ScriptedServer) async throws -> Void) async throws {
        try await ScriptedServer.run { _ in
            reply
        } _: { server in
            try await Rig.run(server, connector: nil, connection: "connector: none\nbase_uri: BASE") {
                (rig: Rig) async throws in try await body(rig, server)
            }
        }
    }

    @Test func `a compressed body counts as it unpacks`() async throws {
        var reply = ScriptedServer.Reply(200, headers: [("Content-Encoding", "gzip")])
        // 4 MiB in 11 KB.
        reply.bytes = Array(try Fixtures.data("large.gz"))
        try await run(reply) { (rig: Rig, _: ScriptedServer) async throws in
            var request = PreparedRequest(.get, "/")
            request.maxBytes = 1 << 20
            let failure = await rig.failure(request)
            #expect(failure?.kind == .body)
            #expect(failure?.message.contains("larger than 1048576 bytes") == true, "\(failure?.message ?? "")")
            request.maxBytes = 16 << 20
            request.format = .bytes
            #expect(try await rig.session.send(request).bytes.count == 4 << 20)
        }
    }

    @Test func `a bomb is not unpacked`() async throws {
        var reply = ScriptedServer.Reply(200, headers: [("Content-Encoding", "gzip")])
        // 4 MiB of zeros in 4 KB: no honest answer packs like this.
        reply.bytes = Array(try Fixtures.data("zeros.gz"))
        try await run(reply) { (rig: Rig, _: ScriptedServer) async throws in
            let failure = await rig.failure()
            #expect(failure?.kind == .body)
            #expect(failure?.message.contains("unpacks to far more than it weighs") == true)
        }
    }

    @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\u{0}b", "a\u{7F}"])
    func `a header's value adds no line`(_ value: String) async throws {
        let text = "connector: api_key\nfields: { api_key: { env: SECRET }, base_url: BASE }"
        try await ScriptedServer.run { _ in
            .json("{}")
        } _: { server in
            try await Rig.run(server, connector: nil, connection: text, environment: ["SECRET": value]) {
                (rig: Rig) async throws in
                let failure = await rig.failure()
                #expect(failure?.kind == .configuration)
                #expect(
                    failure?.message.contains("`X-API-Key` holds a line break") == true,
                    "\(failure?.message ?? "")"
                )
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test(arguments: ["/a\r\nX-Evil: 1", "/a HTTP/1.1\r\nHost: evil\r\n\r\n", "/\u{0}", "/ü?q=ü\n#f"])
    func `a URL is one line, whatever is in it`(_ url: String) async throws {
        try await run(.json("{}")) { (rig: Rig, server: ScriptedServer) async throws in
            _ = try await rig.get(url)
            #expect(server.requests.count == 1)
            let sent = try #require(server.requests.first)
            #expect(sent.path.utf8.allSatisfy { (0x21...0x7E).contains($0) })
            #expect(sent.header("x-evil") == nil)
            #expect(sent.header("host") == "127.0.0.1:\(server.port)")
        }
    }
}
