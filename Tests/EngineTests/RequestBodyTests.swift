import CEL
import Connections
import Engine
import Foundation
import Sandbox
import Store
import TestSupport
import Testing

/// `multipart`, `save_to` and `max_bytes`, from the recipe to the server and back.
@Suite(.timeLimit(.minutes(1))) struct RequestBodyTests {
    @Test func `sends parts with names, files and types`() async throws {
        try await withAPI { bench, _ in
            let result = try await bench.run(
                #"""
                connection: api
                vars: { evil: "a\"; filename=\"x\r\nX-Evil: 1\r\n\r\n--", csv: "a,b\r\n1,2\r\n" }
                actions:
                  - post: /echo
                    headers: { X-One: "1" }
                    multipart:
                      plain: wörld
                      number: 42
                      none: null
                      list: [1, 2]
                      json: { content: { a: [1] } }
                      file: { content: "${{ vars.csv }}", filename: "${{ vars.evil }}", content_type: text/csv }
                      raw: { content: "${{ b'\\x00\\xff' }}", filename: raw.bin }
                      "a\"b": quoted
                """#
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            func part(_ name: String, _ content: Value, _ filename: Value = .null, _ type: Value = .null) -> Value {
                .map(["name": .string(name), "filename": filename, "content_type": type, "content": content])
            }
            guard case .list(let parts)? = result.output("parts") else {
                Issue.record("\(result)")
                return
            }
            #expect(
                parts.filter { $0["name"] != "raw" } == [
                    part("plain", "wörld"), part("number", "42"), part("list", "1"), part("list", "2"),
                    part("json", "{\"a\":[1]}", .null, "application/json"),
                    part(
                        "file",
                        "a,b\r\n1,2\r\n",
                        "a%22; filename=%22x%0D%0AX-Evil: 1%0D%0A%0D%0A--",
                        "text/csv"
                    ),
                    part("a%22b", "quoted"),
                ]
            )
            let raw = parts.first { $0["name"] == "raw" }
            #expect(raw?["content_base64"] == "AP8=" && raw?["content_type"] == "application/octet-stream")
            #expect(result.output("headers", "x-one") == "1")
            let wrong = try await bench.run(
                "connection: api\nvars: { t: \"text/csv\\r\\nX-Evil: 1\" }\nactions:\n  - post: /echo\n    multipart: { a: { content: x, content_type: \"${{ vars.t }}\" } }\n"
            )
            #expect(
                wrong.error?.message
                    == "`content_type` of the part `a` is no media type; write for example `text/csv`"
            )
        }
    }

    @Test func `saves a file inside the workspace`() async throws {
        try await withAPI { bench, _ in
            try FileManager.default.createDirectory(atPath: bench.root + "/out", withIntermediateDirectories: true)
            let result = try await bench.run(
                """
                connection: api
                actions:
                  - { id: get, get: /file, query: { size: 200000, chunked: 1 }, save_to: "out/${{ 'a' + 'b' }}.bin" }
                output: ${{ actions.get.body }}
                """
            )
            let path = try #require(result.output?["path"], "\(result)")
            #expect(result.output("bytes") == 200_000)
            guard case .string(let file) = path else { return }
            #expect(file.hasSuffix("/out/ab.bin"))
            #expect(FileManager.default.contents(atPath: bench.root + "/out/ab.bin")?.count == 200_000)
            #expect(try FileManager.default.contentsOfDirectory(atPath: bench.root + "/out") == ["ab.bin"])
        }
    }

    @Test func `says why a file cannot be saved, and leaves nothing`() async throws {
        try await withAPI { bench, sandbox in
            try FileManager.default.createDirectory(atPath: bench.root + "/out", withIntermediateDirectories: true)
            let outside = FileManager.default.temporaryDirectory.appending(path: "outside-\(UUID())").path
            try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: outside) }
            try FileManager.default.createSymbolicLink(atPath: bench.root + "/away", withDestinationPath: outside)
            for (path, reason) in [
                ("none/a.bin", "/none` does not exist; make it first, for example with `mkdir -p`"),
                ("out/${{ '../../a' }}", "it climbs with `..`; write the path that is meant"),
                ("away/a.bin", "a link leads out of the workspace; write an absolute path if that is meant"),
                ("${{ '' }}", "it is no path"),
                ("out/${{ '' }}", "it names a directory; write the file's name behind it"),
                ("out", "it is a directory"),
            ] {
                let result = try await bench.run(
                    "connection: api\nactions: [{ get: /file, save_to: \"\(path)\" }]\n"
                )
                #expect(result.error?.kind == .file)
                #expect(result.error?.message.hasSuffix(reason) == true, "\(result.error?.message ?? "")")
            }
            #expect(sandbox.statistics().routes["GET /file"] == nil)
            for (query, expect, kind) in [
                ("size=5000", "max_bytes: 4KB", RunError.Kind.body), ("fail=404", "retry: false", .status),
                ("size=10", "expect: \"false\"", .expectation), ("truncate=1", "retry: false", .network),
            ] {
                let result = try await bench.run(
                    "connection: api\nactions: [{ get: \"/file?\(query)\", save_to: out/a.bin, \(expect) }]\n"
                )
                #expect(result.error?.kind == kind, "\(query): \(result)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: bench.root + "/out") == [])
            let optional = try await bench.run(
                "connection: api\nactions: [{ id: a, get: \"/file?fail=404\", save_to: out/a.bin, expect: [200, 404] }]\noutput: \"${{ actions.a.body }}\"\n"
            )
            #expect(optional.output("error") == "fault")
        }
    }

    @Test func `the largest body is said, however it comes`() async throws {
        try await withAPI { bench, _ in
            for query in ["size=5000", "size=5000&chunked=1"] {
                let result = try await bench.run(
                    "connection: api\nactions: [{ id: a, get: \"/file?\(query)\", max_bytes: 4KB }]\n"
                )
                #expect(result.error?.kind == .body)
                #expect(
                    result.error?.description.hasSuffix(
                        ": the body is larger than 4000 bytes; raise `max_bytes` if that is right"
                    ) == true,
                    "\(result)"
                )
            }
        }
    }

    @Test func `bad input names the action, the reason and the mend`() async throws {
        try await withAPI { bench, _ in
            for (action, message) in [
                (
                    "{ id: a, foreach: \"${{ inputs.x }}\", log: hi }",
                    "`a`: `foreach` needs a list, and this is int; write `lists.range(n)` for the numbers from 0, or `[n]` for one item (at job.yml:4:28)"
                ),
                (
                    "{ id: a, get: \"/echo?error_body=%7Boops\" }",
                    "the body is no JSON (line 1, column 2: expected a key in double quotes); it begins with `{oops`; if it is meant to be text, write `response: text`"
                ),
                (
                    "{ id: a, get: /file, response: text }",
                    "the body is no text but binary (application/octet-stream, 1024 bytes); write `response: bytes`, or `save_to: PATH` for a file"
                ),
            ] {
                let result = try await bench.run(
                    "inputs: { x: { type: any, default: 3 } }\nconnection: api\nactions:\n  - \(action)\n"
                )
                #expect(result.error?.action == "a")
                #expect(result.error?.description.hasSuffix(message) == true, "\(result.error?.description ?? "")")
            }
        }
    }
}
