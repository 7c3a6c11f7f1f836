import CEL
import Foundation
import Sandbox
import Testing

/// Local files that recipes send.
@Suite(.timeLimit(.minutes(3))) struct UploadTests {
    private static let recipe = """
        connection: api
        inputs: { path: { type: string } }
        actions:
          - id: upload
            post: /echo
            retry: { attempts: 3, initial: 10ms }
            multipart: { note: hi, report: { file: "${{ inputs.path }}" }, tail: end }
            output: ${{ response.body.parts }}
        output: "${{ actions.upload.map(p, [p.name, p.?filename.orValue(null), string(size(p.?content.orValue('')))]) }}"
        """

    @Test func `a file is sent as it is, under its name, again at each attempt`() async throws {
        let flaky = Self.recipe.replacing("post: /echo", with: "post: /echo?fail=503&times=1")
        try await SandboxWorkspace.serve(["a.yml": flaky]) { sandbox, program, directory in
            try directory.write(String(repeating: "line\n", count: 180_000), to: "data/big.txt")
            let outcome = try await program.run("once", "a.yml", "--input", "path=data/big.txt")
            #expect(outcome.status == 0, "\(outcome)")
            #expect(
                outcome.json == [
                    ["note", .null, "2"], ["report", "big.txt", "900000"], ["tail", .null, "3"],
                ]
            )
            #expect(sandbox.statistics().routes["POST /echo"] == 2)
            try directory.write("", to: "data/empty.txt")
            let empty = try await program.run("once", "a.yml", "--input", "path=\(directory.path)/data/empty.txt")
            #expect(empty.json.items.count == 3 && empty.json.items[1] == ["report", "empty.txt", "0"])
        }
    }

    @Test func `a file that is not there, or not allowed, fails before anything is sent`() async throws {
        try await SandboxWorkspace.serve(["a.yml": Self.recipe, "data/a.txt": "a"]) { sandbox, program, directory in
            try FileManager.default.createSymbolicLink(
                atPath: directory.path + "/out.txt",
                withDestinationPath: "/etc/hostname"
            )
            let cases = [
                ("none.txt", "there is no such file (No such file or directory)"), ("data", "it is no file"),
                ("data/../data/a.txt", "it climbs with `..`"), ("out.txt", "a link leads out of the workspace"),
            ]
            for (path, reason) in cases {
                let outcome = try await program.run("once", "a.yml", "--input", "path=\(path)")
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("`upload`: `file: \(path)`: \(reason)"), "\(outcome.errors)")
            }
            #expect(sandbox.statistics().routes["POST /echo"] == nil)
            let dry = try await program.run("once", "a.yml", "--dry-run", "--input", "path=none.txt")
            #expect(dry.status == 0)
            #expect(dry.output.contains("filename=\"none.txt\"") && dry.output.contains("(the file none.txt)"))
        }
    }
}
