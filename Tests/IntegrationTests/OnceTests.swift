import CEL
import Foundation
import Sandbox
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct OnceTests {
    static let me =
        "connection: api\nactions:\n  - id: me\n    get: /api/v5/me\n  - log: hello\noutput: ${{ actions.me.body.data }}\n"

    @Test func `prints nothing but JSON on stdout, and its log on stderr`() async throws {
        try await SandboxWorkspace.serve(["me.yml": Self.me]) { _, program, _ in
            let outcome = try await program.run("once", "me.yml")
            #expect(outcome.status == 0)
            #expect(outcome.json["username"] == .string("demo"))
            #expect(outcome.output.filter(\.isNewline).count == 1)
            #expect(outcome.errors == "hello\n")
        }
    }

    @Test func `an output that cannot be written is no success`() async throws {
        let directory = try TemporaryDirectory(["job.yml": "actions: [{ log: hi }]\noutput: 1\n"])
        let program = Program(in: directory.path)
        #expect(try await program.run("once", "job.yml").status == 0)
        for words in [["once", "job.yml"], ["runs"], ["list", "--json"]] {
            let errors = directory.path + "/errors.txt"
            let process = try await SpawnedProcess(
                Program.path,
                words,
                environment: program.environment,
                directory: directory.path,
                output: "/dev/full",
                errors: errors
            )
            #expect(try await process.status() == 3)
            let message = try String(contentsOfFile: errors, encoding: .utf8)
            #expect(message.hasSuffix("runner: standard output cannot be written: No space left on device\n"))
        }
    }

    @Test func `no file and no socket takes the place of a standard stream that is closed`() async throws {
        let recipe = "actions: [{ shell: 'cd /proc/$PPID/fd && readlink 0 1 2', output: '${{ result.stdout }}' }]\n"
        let directory = try TemporaryDirectory(["job.yml": recipe])
        let program = Program(in: directory.path)
        let process = try await SpawnedProcess(
            "/bin/sh",
            ["-c", "exec \"$0\" once job.yml <&- >&- 2>&-", Program.path],
            environment: program.environment,
            directory: directory.path
        )
        #expect(try await process.status() == 0)
        let run = try await runs(program)[0]["id"]?.string ?? ""
        let shown = try await program.run("show", run, "--json").json
        #expect(shown["output"] == .string("/dev/null\n/dev/null\n/dev/null\n"))
    }

    @Test func `keeps its token for the next process`() async throws {
        try await SandboxWorkspace.serve(["me.yml": Self.me]) { sandbox, program, _ in
            for _ in 0..<3 { #expect(try await program.run("once", "me.yml").status == 0) }
            #expect(sandbox.statistics().tokenRequests == 1)
            let runs = try await runs(program)
            #expect(runs.map { $0["status"] } == [.string("succeeded"), .string("succeeded"), .string("succeeded")])
        }
    }

    @Test func `ten processes at once on a new connection make one token request`() async throws {
        let configuration = SandboxConfiguration(tokenLatency: .milliseconds(300))
        try await SandboxWorkspace.serve(["me.yml": Self.me], configuration) { sandbox, program, _ in
            var running: [RunningProgram] = []
            for _ in 0..<10 { running.append(try await program.start(["once", "me.yml"])) }
            for process in running { #expect(try await process.outcome().status == 0) }
            #expect(sandbox.statistics().tokenRequests == 1)
        }
    }

    @Test func `a failed run is one sentence, exit 1, and nothing on stdout`() async throws {
        let recipe = "connection: api\nactions:\n  - id: gone\n    get: /api/v5/nothing\n"
        try await SandboxWorkspace.serve(["gone.yml": recipe]) { _, program, _ in
            let outcome = try await program.run("once", "gone.yml")
            #expect(outcome.status == 1)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains("`gone`: GET "), "\(outcome.errors)")
            #expect(outcome.errors.contains("404"))
            #expect(outcome.errors.filter(\.isNewline).count == 1)
        }
    }

    @Test func `a refused port, JSON that is none and a slow server each say so`() async throws {
        let refused = "actions:\n  - id: a\n    get: http://127.0.0.1:1/x\n    retry: false\n"
        let html = "connection: api\nactions:\n  - id: b\n    get: /api/v5/me?html=1\n    response: json\n"
        let slow =
            "connection: api\nactions:\n  - id: c\n    get: /api/v5/me?delay=20s\n    timeout: 300ms\n    retry: false\n"
        try await SandboxWorkspace.serve(["refused.yml": refused, "html.yml": html, "slow.yml": slow]) {
            _,
            program,
            _ in
            for (file, text) in [("refused.yml", "refused"), ("html.yml", "JSON"), ("slow.yml", "300ms")] {
                let outcome = try await program.run("once", file)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains(text), "\(file): \(outcome.errors)")
            }
            #expect(try await runs(program).allSatisfy { $0["status"] == .string("failed") })
        }
    }

    @Test func `inputs are typed, and wrong ones are named`() async throws {
        let recipe =
            "inputs:\n  n: { type: integer }\n  who: { type: string, default: you }\nactions:\n  - log: hi\noutput: \"${{ [inputs.n + 1, inputs.who] }}\"\n"
        let directory = try TemporaryDirectory(["in.yml": recipe])
        let program = Program(in: directory.path)
        #expect(try await program.run("once", "in.yml", "--input", "n=41").json == [42, "you"])
        for (arguments, text) in [([], "`n`"), (["n=x"], "integer"), (["n=1", "--input", "m=2"], "`m`")]
            as [([String], String)]
        {
            let words = ["once", "in.yml"] + (arguments.isEmpty ? [] : ["--input"] + arguments)
            let outcome = try await program.start(words).outcome()
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains(text), "\(outcome.errors)")
        }
    }

    @Test func `an unset variable is named with the connection that needs it`() async throws {
        try await SandboxWorkspace.serve(["me.yml": Self.me]) { _, program, _ in
            var poor = program
            poor.environment["CLIENT_SECRET"] = nil
            let outcome = try await poor.run("once", "me.yml")
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("CLIENT_SECRET") && outcome.errors.contains("`api`"))
        }
    }

    @Test func `a wrong secret is said in one line and is found nowhere`() async throws {
        let secret = "wrong-s3cret-with-length"
        try await SandboxWorkspace.serve(["me.yml": Self.me]) { sandbox, program, directory in
            var wrong = program
            wrong.environment["CLIENT_SECRET"] = secret
            var shown = ""
            for words in [["once", "me.yml"], ["connections", "test", "api"], ["connections"], ["runs", "--json"]] {
                let outcome = try await wrong.start(words).outcome()
                #expect(outcome.status == (words[0] == "once" || words.count == 3 ? 1 : 0))
                shown += outcome.output + outcome.errors
            }
            #expect(shown.contains("invalid_client"))
            #expect(sandbox.statistics().tokenRequests <= 2)
            let forms = [
                secret, Data("demo-client:\(secret)".utf8).base64EncodedString(),
                Data(secret.utf8).base64EncodedString(),
            ]
            for form in forms {
                #expect(!shown.contains(form))
                for (name, data) in directory.contents() {
                    #expect(data.firstRange(of: Data(form.utf8)) == nil, "\(name) holds the secret")
                }
            }
        }
    }

    @Test func `a store that cannot be had is exit 3, with its path`() async throws {
        let directory = try TemporaryDirectory(["a.yml": "actions:\n  - log: hi\n", "taken/file": ""])
        let outcome = try await Program(in: directory.path).run("once", "a.yml", "--store", "taken")
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains("taken"))
        #expect(outcome.output.isEmpty)
    }
}
