import CEL
import Connections
import Foundation
import Recipe
import TestSupport
import Testing

/// Bodies that are not what was asked for, and those that go to a file.
struct BodyTests {
    private func run(
        _ handler: @escaping ScriptedServer.Handler,
        _ body: (Rig, ScriptedServer) async throws -> Void
    ) async throws {
        try await ScriptedServer.run(handler) { server in
            try await Rig.run(server, connector: nil, connection: "connector: none\nbase_uri: BASE") {
                (rig: Rig) async throws in try await body(rig, server)
            }
        }
    }

    private static let binary: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0, 1, 2, 0xFF]

    private static func reply(_ type: String, bytes: [UInt8], status: Int = 200) -> ScriptedServer.Reply {
        var reply = ScriptedServer.Reply(status, headers: [("Content-Type", type)])
        reply.bytes = bytes
        return reply
    }

    @Test(arguments: [ResponseFormat.text, .json]) func `what is binary is named and not shown`(
        _ format: ResponseFormat
    ) async throws {
        try await run { _ in
            Self.reply("image/png", bytes: Self.binary)
        } _: { (rig: Rig, _: ScriptedServer) async throws in
            var request = PreparedRequest(.get, "/")
            request.format = format
            let failure = try #require(await rig.failure(request))
            #expect(failure.kind == .body)
            let kind = format == .text ? "no text" : "no JSON"
            #expect(
                failure.message.hasSuffix(
                    "200, but the body is \(kind) but binary (image/png, 8 bytes); write `response: bytes`, or `save_to: PATH` for a file"
                ),
                "\(failure.message)"
            )
            request.format = .bytes
            #expect(try await rig.session.send(request).body == .bytes(Self.binary))
        }
    }

    @Test func `what should be JSON and is text is shown, with the mend`() async throws {
        try await run { _ in
            ScriptedServer.Reply(200, headers: [("Content-Type", "application/json")], body: "<html>sign in</html>")
        } _: { (rig: Rig, _: ScriptedServer) async throws in
            let failure = try #require(await rig.failure())
            #expect(failure.message.contains("the body is no JSON (line 1, column 1"), "\(failure.message)")
            #expect(failure.message.contains("it begins with `<html>sign in</html>`"))
            #expect(failure.message.hasSuffix("if it is meant to be text, write `response: text`"))
        }
    }

    @Test func `a binary error page is judged by its status`() async throws {
        try await run { _ in
            Self.reply("image/png", bytes: Self.binary, status: 404)
        } _: { (rig: Rig, _: ScriptedServer) async throws in
            for format in ResponseFormat.allCases {
                var request = PreparedRequest(.get, "/")
                request.format = format
                #expect(try await rig.session.send(request).status == 404)
            }
        }
    }

    @Test func `a body goes to a file, which has its name when it is complete`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "save-\(UUID())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await run { request in
            switch request.path {
            case "/broken":
                var reply = Self.reply("image/png", bytes: content)
                reply.breaksOff = true
                return reply
            case "/missing": return .json("{\"error\": 1}", status: 404)
            default: return Self.reply("image/png", bytes: content)
            }
        } _: { (rig: Rig, _: ScriptedServer) async throws in
            let files = FileManager.default
            func request(_ path: String) -> PreparedRequest {
                var request = PreparedRequest(.get, path)
                request.saveTo = SaveTarget(path: directory + "/out.png", mark: "test")
                return request
            }
            // The rest of a process that was killed.
            _ = files.createFile(atPath: directory + "/.runner-test.part", contents: Data("old".utf8))
            try await {
                let response = try await rig.session.send(request("/whole"))
                #expect(response.body == .map(["path": .string(directory + "/out.png"), "bytes": 300_000]))
                #expect(response.bytes.isEmpty)
                #expect(!files.fileExists(atPath: directory + "/out.png"))
                try response.file?.commit()
            }()
            #expect(files.contents(atPath: directory + "/out.png") == Data(content))

            #expect(await rig.failure(request("/broken"))?.kind == .network)
            var small = request("/whole")
            small.maxBytes = 1_000
            #expect(
                await rig.failure(small)?.message.hasSuffix(
                    "larger than 1000 bytes; raise `max_bytes` if that is right"
                ) == true
            )
            let missing = try await rig.session.send(request("/missing"))
            #expect(missing.body["error"] == 1 && missing.file == nil)
            // Whatever was not committed is gone.
            #expect(try files.contentsOfDirectory(atPath: directory) == ["out.png"])
            #expect(files.contents(atPath: directory + "/out.png") == Data(content))
        }
    }

    @Test func `a file that cannot be written is said`() async throws {
        try await run { _ in
            .json("{}")
        } _: { (rig: Rig, _: ScriptedServer) async throws in
            var request = PreparedRequest(.get, "/")
            request.saveTo = SaveTarget(path: "/proc/nowhere/out", mark: "test")
            let failure = try #require(await rig.failure(request))
            #expect(failure.kind == .file)
            #expect(failure.message.hasSuffix("cannot create `/proc/nowhere/out`: No such file or directory"))
        }
    }
}
