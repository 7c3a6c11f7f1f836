import CEL
import Foundation
import Testing

/// What runs are started with.
@Suite(.timeLimit(.minutes(2))) struct InputTests {
    private let recipe = """
        inputs:
          token: { type: string, secret: true }
          list: { type: list, default: [] }
        actions:
          - log: "sending ${{ inputs.token }}"
          - { id: keep, set: { header: "Bearer ${{ inputs.token }}" } }
          - if: size(inputs.list) == 1
            fail: "refused ${{ inputs.token }}"
        output: { token: "${{ inputs.token }}", count: "${{ size(inputs.list) }}" }

        """

    @Test(arguments: ["1e400", "nan", "-inf", "0x"]) func `a number is one that JSON can say`(_ text: String)
        async throws
    {
        let recipe = "inputs: { n: { type: number } }\nactions: [{ log: hi }]\noutput: ${{ inputs.n }}\n"
        let directory = try TemporaryDirectory(["job.yml": recipe, "in.yml": "n: .inf\n"])
        let program = Program(in: directory.path)
        let outcome = try await program.run("once", "job.yml", "--input", "n=\(text)")
        #expect(outcome.status == 2)
        #expect(outcome.errors == "runner: the input `n` must be of type number, not `\(text)`\n")
        #expect(try await program.run("once", "job.yml", "--input-file", "in.yml").status == 2)
        #expect(try await program.run("once", "job.yml", "--input", "n=1.5e3").json == .double(1500))
    }

    @Test func `inputs come from a file in YAML or JSON, and a secret is nowhere to be seen`() async throws {
        let secret = "kestrel-4711-flight"
        let directory = try TemporaryDirectory([
            "job.yml": recipe, "in.yaml": "token: \(secret)\nlist: [1, 2]\n",
            "in.json": "{\"token\": \"\(secret)\", \"list\": [1]}", "bad.yaml": "token: [\(secret)\n",
        ])
        let program = Program(in: directory.path)
        let good = try await program.run("once", "job.yml", "--input-file", "in.yaml")
        #expect(good.status == 0, "\(good.errors)")
        #expect(good.json["count"] == 2)
        #expect(good.errors.contains("sending •••"))
        let failed = try await program.run("once", "job.yml", "--input-file", "in.json")
        #expect(failed.status == 1)
        #expect(failed.errors.contains("refused •••"))
        let overridden = try await program.run("once", "job.yml", "--input-file", "in.json", "--input", "list=[]")
        #expect(overridden.json["count"] == 0)
        let wrong = try await program.run("once", "job.yml", "--input-file", "bad.yaml")
        #expect(wrong.status == 2)
        #expect(wrong.errors.contains("bad.yaml:"))
        let empty = try await program.run("once", "job.yml", "--input-file", "-")
        #expect(empty.status == 2)
        #expect(empty.errors.contains("needs the input `token`"))
        var shown = ""
        for run in try await runs(program) {
            let outcome = try await program.run("show", run["id"]?.string ?? "", "--json")
            #expect(outcome.json["inputs"]?["token"] == "•••")
            shown += outcome.output
        }
        let listed = try await program.run("runs", "--json")
        for text in [good, failed, overridden, wrong, listed].flatMap({ [$0.output, $0.errors] }) + [shown] {
            #expect(!text.contains(secret))
        }
        for (name, bytes) in directory.contents() where name.hasPrefix(".runner") {
            #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)")
        }
    }
}
