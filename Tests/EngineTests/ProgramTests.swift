import CEL
import Connections
import Foundation
import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// The verbs `run` and `shell`, with real programs.
@Suite(.timeLimit(.minutes(1))) struct ProgramTests {
    @Test func `gives exit code and outputs`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            actions:
              - { id: a, run: [printf, "%s-%s", "a b", "${{ 1 + 1 }}"] }
              - { id: b, shell: "echo oops >&2; echo fine; exit 3", expect: [0, "2-4"] }
            output: { a: "${{ actions.a }}", b: "${{ actions.b }}" }
            """
        )
        #expect(
            result.output
                == .map([
                    "a": .map(["exit_code": 0, "stdout": "a b-2", "stderr": ""]),
                    "b": .map(["exit_code": 3, "stdout": "fine\n", "stderr": "oops\n"]),
                ]),
            "\(result.error?.description ?? "")"
        )
        let actions = try await bench.detail(result.run).actions
        #expect(actions.first { $0.path == "b" }?.request == "sh exit 3")
    }

    @Test func `reads text, and anything else as JSON`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            actions:
              - { id: a, run: [cat], stdin: "one\\ntwo" }
              - { id: b, run: [cat], stdin: { list: [1, "${{ null }}"] } }
              - { id: c, run: [cat] }
            output: "${{ [actions.a.stdout, actions.b.stdout, actions.c.stdout] }}"
            """
        )
        #expect(result.output == ["one\ntwo", #"{"list":[1,null]}"#, ""], "\(result.error?.description ?? "")")
    }

    @Test func `sees few variables of the process, those of the recipe, and the action's own`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            actions:
              - id: a
                run: [env]
                env: { ADDED: "${{ 6 * 7 }}", HOME: ~ }
            output: "${{ actions.a.stdout.trim().split('\\\\n') }}"
            """
        )
        guard case .list(let lines) = result.output else {
            Issue.record("\(result.error?.description ?? "")")
            return
        }
        let names = Set(lines.map { $0.text.prefix { $0 != "=" } })
        #expect(names.isSuperset(of: ["PATH", "NAME", "ADDED", "RUNNER_RUN", "RUNNER_RECIPE", "RUNNER_ACTION"]))
        #expect(!names.contains("HOME"))
        #expect(lines.contains("ADDED=42"))
        #expect(lines.contains("NAME=value"))
        #expect(lines.contains(.string("RUNNER_RUN=\(result.run)")))
        #expect(lines.contains("RUNNER_ACTION=a"))
    }

    @Test func `works in the workspace, or where it is told`() async throws {
        let bench = try Workbench(["scripts/here.sh": "#!/bin/sh\npwd\n"])
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: bench.root + "/scripts/here.sh"
        )
        let result = try await bench.run(
            """
            actions:
              - { id: a, run: [pwd] }
              - { id: b, run: [scripts/here.sh] }
              - { id: c, run: [./here.sh], cwd: scripts }
              - { id: d, run: [pwd], cwd: / }
            output: "${{ [actions.a.stdout, actions.b.stdout, actions.c.stdout, actions.d.stdout].map(t, t.trim()) }}"
            """
        )
        let root = URL(fileURLWithPath: bench.root).resolvingSymlinksInPath().path
        #expect(result.output == .list([.string(root), .string(root), .string(root + "/scripts"), "/"]))
    }

    @Test(arguments: [
        ("{ shell: \"echo first >&2; echo why >&2; exit 7\" }", "`sh` ended with exit code 7: why", RunError.Kind.exit),
        ("{ run: [\"false\"] }", "`false` ended with exit code 1", .exit),
        ("{ shell: \"kill -9 $$\" }", "`sh` was ended by signal 9", .exit),
        ("{ run: [\"true\"], expect: [1] }", "`true` ended with exit code 0", .exit),
        (
            "{ run: [echo, a], expect: \"result.stdout == 'b'\" }",
            "`echo` ended with exit code 0, but its result does not satisfy `expect`", .expectation
        ),
        (
            "{ run: [no-such-program] }", "there is no program `no-such-program` in the directories of PATH",
            .configuration
        ),
        ("{ shell: \"no-such-program 2> /dev/null\" }", "`sh` ended with exit code 127; install the program", .exit),
        ("{ run: [./nowhere] }", "there is no program `", .configuration),
        ("{ run: [./plain.txt] }", "`plain.txt` may not be executed; run `chmod +x` on it", .configuration),
        ("{ run: [pwd], cwd: nowhere }", "there is no directory `", .configuration),
        ("{ run: [printf, '\\377'] }", "the standard output of `printf` is no UTF-8 text", .body),
        ("{ shell: yes, max_bytes: 1KiB }", "`sh` wrote more than 1024 bytes to standard output", .body),
        ("{ shell: \"yes >&2\", max_bytes: 1KiB }", "`sh` wrote more than 1024 bytes to standard error", .body),
        ("{ shell: sleep 100, timeout: 100ms }", "`sh` did not end within 100ms, and was stopped", .timeout),
        ("{ run: [echo, \"${{ dyn([1]) }}\"] }", "an argument must be text, and this is a list", .type),
        ("{ run: [echo, \"a\\0b\"] }", "an argument or a variable for `echo` holds a zero byte", .configuration),
    ]) func `says why it failed`(action: String, message: String, kind: RunError.Kind) async throws {
        let bench = try Workbench(["plain.txt": "no script"])
        let result = try await bench.run("actions: [\(action)]\n")
        #expect(result.error?.message.hasPrefix(message) == true, "\(result.error?.message ?? "")")
        #expect(result.error?.kind == kind)
    }

    @Test func `tries again only when told so`() async throws {
        let clock = SystemEngineClock()
        let bench = try Workbench(clock: clock)
        let script = "echo x >> count; test $(wc -l < count) -ge 3"
        let once = try await bench.run("actions: [{ shell: \"\(script)\" }]\n")
        #expect(once.error?.kind == .exit)
        #expect(once.error?.attempt == 1)
        try bench.remove("count")
        let retried = try await bench.run(
            "retry: { attempts: 5, initial: 1ms }\nactions: [{ id: a, shell: \"\(script)\" }]\n"
        )
        #expect(retried.status == .succeeded, "\(retried.error?.description ?? "")")
        #expect(try await bench.detail(retried.run).actions.first?.attempts == 3)
        try bench.remove("count")
        let excluded = try await bench.run(
            "actions: [{ shell: \"\(script)\", retry: { attempts: 5, initial: 1ms, on: [timeout] } }]\n"
        )
        #expect(excluded.error?.attempt == 1)
    }

    @Test func `what a program prints is redacted on its way out`() async throws {
        let bench = try Workbench()
        bench.redactor.add("s3cr3t-value")
        let result = try await bench.run(
            "actions: [{ shell: \"echo s3cr3t-value >&2; exit 1\", on_error: [{ log: \"${{ error.message }}\" }] }, { log: s3cr3t-value }]\n"
        )
        #expect(result.status == .succeeded)
        #expect(bench.observer.lines.count == 2)
        #expect(bench.observer.lines.allSatisfy { !$0.contains("s3cr3t-value") })
        let failed = try await bench.detail(result.run).actions.first { $0.status == .failed }
        #expect(failed?.error?.message.contains("s3cr3t-value") == false)
    }

    // MARK: No process is left behind

    /// The processes whose environment says that they belong to a run.
    private func processes(of run: RunID) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { pid in
            guard NodeRecord.processStart(of: pid) != nil,
                let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ")
            else { return false }
            return environment.split(separator: 0).contains(Data("RUNNER_RUN=\(run)".utf8))
        }
    }

    /// The processes of a run that do not end: the kernel may still be busy with those that have been killed.
    private func survivors(of run: RunID) async throws -> [Int32] {
        for _ in 0..<1_000 where !processes(of: run).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        return processes(of: run)
    }

    /// A shell that starts a shell that starts a sleeper, none of which obeys SIGTERM.
    private static let family = """
        actions:
          - id: family
            shell: |
              trap '' TERM
              sh -c 'trap "" TERM; sleep 1000 & echo $! > grandchild; wait; sleep 1000' &
              echo $! > child
              wait
              sleep 1000
            timeout: TIMEOUT
        """

    private func grandchild(_ bench: Workbench) async throws -> Int32 {
        while true {
            if let text = try? String(contentsOfFile: bench.root + "/grandchild", encoding: .utf8),
                let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
            {
                return pid
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test(arguments: [CancelReason.person, .shutdown, .timeout])
    func `a cancelled run leaves no process behind, not even a grandchild that ignores signals`(
        reason: CancelReason
    ) async throws {
        let bench = try Workbench()
        let handle = RunHandle()
        async let running = bench.run(Self.family.replacing("TIMEOUT", with: "1h"), handle: handle)
        let grandchild = try await grandchild(bench)
        let run = try #require(try await bench.store.runs(RunQuery()).first?.id)
        #expect(processes(of: run).contains(grandchild))
        handle.cancel(reason)
        let result = try await running
        #expect(result.status == [.person: .cancelled, .shutdown: .interrupted, .timeout: .timedOut][reason])
        #expect(try await survivors(of: result.run) == [])
    }

    @Test func `nor does an action whose time is over, or that has left somebody behind`() async throws {
        let bench = try Workbench()
        let late = try await bench.run(Self.family.replacing("TIMEOUT", with: "200ms"))
        #expect(late.error?.kind == .timeout)
        #expect(try await survivors(of: late.run) == [])
        let left = try await bench.run("actions: [{ id: a, shell: \"sleep 1000 > /dev/null 2>&1 & echo done\" }]\n")
        #expect(left.output("stdout") == "done\n")
        #expect(try await survivors(of: left.run) == [])
    }

    @Test func `one that is told to end may say its last words`() async throws {
        let bench = try Workbench()
        let handle = RunHandle()
        async let running = bench.run(
            "actions: [{ shell: \"trap 'echo bye > last; exit' TERM; echo > up; while true; do sleep 0.01; done\" }]\n",
            handle: handle
        )
        while access(bench.root + "/up", F_OK) != 0 { try await Task.sleep(for: .milliseconds(5)) }
        handle.cancel(.person)
        #expect(try await running.status == .cancelled)
        #expect(try String(contentsOfFile: bench.root + "/last", encoding: .utf8) == "bye\n")
    }

    // MARK: After a crash

    private func inFlight(_ text: String, _ result: Value) async throws -> (Workbench, RunResult) {
        let bench = try Workbench()
        return (bench, try await bench.resume(text, [("a", "", .started, result)]))
    }

    @Test func `what was in flight is not done again, unless that is harmless`() async throws {
        let (bench, result) = try await inFlight(
            "actions: [{ id: a, run: [touch, there] }]\n",
            ProgramTrace.intent
        )
        #expect(result.status == .interrupted)
        #expect(result.reason?.hasPrefix("outcome unknown: ") == true)
        #expect(access(bench.root + "/there", F_OK) != 0)
        let (other, again) = try await inFlight(
            "actions: [{ id: a, run: [touch, there], idempotent: true }]\n",
            ProgramTrace.intent
        )
        #expect(again.status == .succeeded)
        #expect(access(other.root + "/there", F_OK) == 0)
        let (_, strict) = try await inFlight(
            "delivery: at_most_once\nactions: [{ id: a, run: [touch, there], idempotent: true }]\n",
            ProgramTrace.intent
        )
        #expect(strict.status == .interrupted)
    }

    @Test(arguments: [true, false])
    func `programs that a dead process left are ended before anything is done again`(hasTrace: Bool) async throws {
        let bench = try Workbench()
        try bench.write(
            "job.yml",
            "on_interrupt: restart\nactions: [{ id: a, shell: \"cut -d' ' -f3 /proc/$(cat pid)/stat || echo gone\" }]\n"
        )
        var left: ChildProcess?
        let order = try await bench.abandoned { run in
            let start = ProgramStart(
                words: ["/bin/sh", "-c", "sleep 1000 & echo $! > pid; wait"],
                environment: ["PATH": "/usr/bin:/bin"].merging(hasTrace ? [:] : ["RUNNER_RUN": "\(run)"]) { $1 },
                directory: bench.root
            )
            left = try? ChildProcess(start, limit: 1024)
            let trace = hasTrace ? left.flatMap { ProgramTrace(of: $0.pid) }?.value : ProgramTrace.intent
            return [
                ActionRecord(run: run, path: "a", status: .started, result: trace, startedAt: bench.clock.now())
            ]
        }
        let child = try #require(left)
        while access(bench.root + "/pid", F_OK) != 0 { try await Task.sleep(for: .milliseconds(5)) }
        let result = await bench.resume(order.with(terms: RunOrder.Terms(beginning: .restart)))
        #expect(await child.outcome().end == .killed(signal: 9))
        // Gone, or dead and not yet noticed by the process that inherited it.
        #expect(["gone\n", "Z\n"].contains(result.output("stdout")), "\(result.error?.description ?? "")")
    }

    @Test func `a process with the same number is left alone`() async throws {
        let bench = try Workbench()
        let start = ProgramStart(words: ["/bin/sleep", "1000"], environment: [:], directory: bench.root)
        let child = try ChildProcess(start, limit: 1024)
        let trace = try #require(ProgramTrace(of: child.pid))
        var other = ValueMap()
        if case .map(let members) = trace.value { other = members }
        other["start"] = .int(1)
        _ = try await bench.resume("actions: [{ id: a, run: [\"true\"] }]\n", [("a", "", .started, .map(other))])
        #expect(NodeRecord.processStart(of: child.pid) != nil)
        child.stop()
        #expect(await child.outcome().end == .killed(signal: 15))
    }
}
