import CEL
import Foundation
import Testing

/// The verbs `run` and `shell` in the built executable: what a program is given, and what becomes of it when the process dies.
@Suite(.timeLimit(.minutes(2))) struct ProgramVerbTests {
    @Test func `a program sees nothing of the environment that could be a secret`() async throws {
        let workspace = try TemporaryDirectory([
            "runner.yml": "env: [READABLE]\n",
            "job.yml": "actions: [{ id: a, run: [env] }]\noutput: ${{ actions.a.stdout }}\n",
        ])
        let key = Data(repeating: 7, count: 32).base64EncodedString()
        let program = Program(
            in: workspace.path,
            ["RUNNER_KEY": key, "CLIENT_SECRET": "top-secret", "READABLE": "yes", "LANG": "C.UTF-8"]
        )
        let outcome = try await program.run("once", "job.yml")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let names = Set(outcome.json.string.split(separator: "\n").map { $0.prefix { $0 != "=" } })
        #expect(
            names == [
                "PATH", "HOME", "TZ", "LANG", "READABLE", "RUNNER_RUN", "RUNNER_RECIPE", "RUNNER_ACTION",
            ]
        )
    }

    @Test func `a program that a killed process left is ended by the next, and its run is closed`() async throws {
        let workspace = try TemporaryDirectory([
            "job.yml": """
            trigger: { interval: 1h, run_on_start: true, catch_up: none }
            actions:
              - shell: "trap '' TERM; echo $$ > pid; sleep 1000 & echo $! > grandchild; wait; sleep 1000"
            """
        ])
        let program = Program(in: workspace.path)
        let first = try await program.start(["start"])
        let isUp = await eventually { Self.isAlive("grandchild", in: workspace) }
        #expect(isUp)
        first.send(9)
        _ = try await first.outcome()
        #expect(Self.isAlive("pid", in: workspace))
        #expect(Self.isAlive("grandchild", in: workspace))
        // The next process must not start another one by itself.
        try workspace.write(
            "trigger: { interval: 1h, catch_up: none }\nactions: [{ log: never }]\n",
            to: "job.yml"
        )
        let second = try await program.start(["start"])
        let isClosed = try await eventually { try await runs(program).first?["status"]?.string == "interrupted" }
        #expect(isClosed)
        #expect(!Self.isAlive("pid", in: workspace))
        #expect(!Self.isAlive("grandchild", in: workspace))
        let reason = try await runs(program).first?["reason"]?.string ?? ""
        #expect(reason.hasPrefix("outcome unknown: "), "\(reason)")
        second.send(15)
        #expect(try await second.outcome().status == 0)
    }

    @Test func `SIGINT ends what once has started`() async throws {
        let workspace = try TemporaryDirectory([
            "job.yml": "actions: [{ shell: \"sleep 1000 & echo $! > grandchild; wait\" }]\n"
        ])
        let once = try await Program(in: workspace.path).start(["once", "job.yml"])
        let isUp = await eventually { Self.isAlive("grandchild", in: workspace) }
        #expect(isUp)
        once.send(2)
        #expect(try await once.outcome().status == 130)
        #expect(!Self.isAlive("grandchild", in: workspace))
    }

    /// Whether the process whose number a file holds is there, and is no zombie.
    private static func isAlive(_ file: String, in workspace: TemporaryDirectory) -> Bool {
        guard let text = try? String(contentsOfFile: workspace.path + "/" + file, encoding: .utf8),
            let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)),
            let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return false }
        return !stat[end...].hasPrefix(") Z")
    }
}
