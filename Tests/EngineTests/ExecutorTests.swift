import CEL
import Engine
import Recipe
import Store
import Testing
import YAML

@Suite(.timeLimit(.minutes(1))) struct ExecutorTests {
    // MARK: Verbs without a server

    @Test func `logs, sets and gives its output`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            inputs: { who: { type: string, default: world } }
            vars: { greeting: hello }
            actions:
              - set: { line: "${{ vars.greeting }} ${{ inputs.who }}" }
              - log: "${{ vars.line }} of ${{ recipe.name }}"
            output: { line: "${{ vars.line }}", name: "${{ env.NAME }}" }
            """
        )
        #expect(result.status == .succeeded)
        #expect(result.output == .map(["line": "hello world", "name": "value"]))
        #expect(bench.observer.lines == ["hello world of job"])
        let detail = try await bench.detail(result.run)
        #expect(detail.run.status == .succeeded)
        #expect(detail.output == result.output)
        #expect(detail.actions.map(\.path).sorted() == ["log[1]", "set[0]"])
        #expect(detail.inputs == .map(["who": "world"]))
    }

    @Test func `fails with the message of the verb fail`() async throws {
        let bench = try Workbench()
        let result = try await bench.run("actions:\n  - { id: check, fail: \"no ${{ 1 + 1 }}\" }\n  - log: never\n")
        #expect(result.status == .failed)
        #expect(result.error?.action == "check")
        #expect(result.error?.message == "no 2")
        #expect(result.output == nil)
        #expect(bench.observer.lines == [])
        let detail = try await bench.detail(result.run)
        #expect(detail.error == "`check`: no 2")
        #expect(detail.actions.first?.status == .failed)
    }

    @Test func `stops early and well`() async throws {
        let bench = try Workbench()
        let result = try await bench.run("actions:\n  - stop: nothing to do\n  - log: never\noutput: done\n")
        #expect(result.status == .succeeded)
        #expect(result.reason == "nothing to do")
        #expect(result.output == "done")
        #expect(bench.observer.lines == [])
    }

    @Test func `waits by its clock`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        let bench = try Workbench(clock: clock)
        let result = try await bench.run("actions:\n  - wait: 90s\n  - wait: \"${{ duration('2m') }}\"\n")
        #expect(result.status == .succeeded)
        #expect(clock.slept == [.seconds(90), .seconds(120)])
    }

    @Test func `skips what its condition excludes`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            actions:
              - { id: a, if: "1 > 2", set: { x: 1 } }
              - { if: "actions.a == null", log: skipped }
            """
        )
        #expect(bench.observer.lines == ["skipped"])
        #expect(try await bench.detail(result.run).actions.first { $0.path == "a" }?.status == .skipped)
    }

    @Test func `keeps results inside do and lets vars out`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            vars: { x: 0 }
            actions:
              - id: outer
                do:
                  - { id: inner, set: { x: 1 }, output: "${{ vars.x + 1 }}" }
                  - { log: "inner ${{ actions.inner }}" }
              - log: "x is ${{ vars.x }}"
            output: ${{ actions.outer }}
            """
        )
        #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
        #expect(bench.observer.lines == ["inner 2", "x is 1"])
        #expect(result.output == 2)
        #expect(try await bench.detail(result.run).actions.contains { $0.path == "outer/inner" })
    }

    @Test func `goes on after an error when told so`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            actions:
              - { id: a, fail: broken, on_error: continue }
              - log: "${{ actions.a.error.kind }} ${{ actions.a.error.message }}"
            """
        )
        #expect(result.status == .succeeded)
        #expect(bench.observer.lines == ["fail broken"])
    }

    @Test func `handles an error with actions`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            vars: { seen: nothing }
            actions:
              - id: a
                fail: broken
                on_error:
                  - set: { seen: "${{ error.action }}" }
                  - log: "handled ${{ error.message }}"
              - log: "after ${{ vars.seen }}"
            """
        )
        #expect(result.status == .succeeded)
        #expect(bench.observer.lines == ["handled broken", "after a"])
    }

    @Test func `does what follows success, failure and either`() async throws {
        let bench = try Workbench()
        let after = """
            on_success: [{ log: success }]
            on_failure: [{ log: "failure of ${{ error.action }}" }]
            finally: [{ log: "finally ${{ error == null }}" }]

            """
        _ = try await bench.run("actions: [{ log: main }]\n" + after)
        #expect(bench.observer.lines == ["main", "success", "finally true"])
        let other = try Workbench()
        let result = try await other.run("actions: [{ id: a, fail: no }]\n" + after)
        #expect(result.status == .failed)
        #expect(other.observer.lines == ["failure of a", "finally false"])
    }

    @Test func `a failure in finally fails a run that was going well and keeps its cursor`() async throws {
        let bench = try Workbench()
        let result = try await bench.run("actions: [{ log: main }]\nstate: { n: 1 }\nfinally: [{ fail: no }]\n")
        #expect(result.status == .failed)
        #expect(try await bench.store.state(of: "job")?.value == nil)
    }

    @Test func `says where an expression failed`() async throws {
        let bench = try Workbench()
        let result = try await bench.run("actions:\n  - log: \"${{ [1, 2][5] }}\"\n")
        #expect(result.status == .failed)
        #expect(result.error?.kind == .expression)
        #expect(result.error?.place?.path == "job.yml")
        #expect(result.error?.place?.mark.line == 2)
        #expect(result.error?.description.contains("job.yml:2:") == true)
    }

    // MARK: State

    @Test func `commits its cursor with success only`() async throws {
        let bench = try Workbench()
        let text = """
            actions: [{ log: "was ${{ state }}" }]
            state: { at: "${{ timestamp('2026-01-02T03:04:05Z') }}", n: "${{ state == null ? 1 : state.n + 1 }}" }

            """
        _ = try await bench.run(text)
        #expect(try await bench.store.state(of: "job")?.value == .map(["at": "2026-01-02T03:04:05Z", "n": 1]))
        _ = try await bench.run(text)
        #expect(try await bench.store.state(of: "job")?.value["n"] == 2)
        _ = try await bench.run("actions: [{ fail: no }]\nstate: { n: 100 }\n")
        #expect(try await bench.store.state(of: "job")?.value["n"] == 2)
    }

    // MARK: Time

    @Test func `ends a run that takes too long, and still does finally`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        async let running = bench.run(
            "timeout: 10s\nactions: [{ wait: 1h }]\nfinally: [{ log: \"${{ error.kind }}\" }]\n"
        )
        while clock.sleeperCount == 0 { await Task.yield() }
        await clock.advance(by: .seconds(11))
        let result = try await running
        #expect(result.status == .timedOut)
        #expect(result.reason == "the run took longer than its timeout of 10s")
        #expect(bench.observer.lines == ["timeout"])
        #expect(try await bench.detail(result.run).run.status == .timedOut)
    }

    @Test func `is cancelled by a person`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        let handle = RunHandle()
        async let running = bench.run("actions: [{ wait: 1h }]\nfinally: [{ log: last }]\n", handle: handle)
        while clock.sleeperCount == 0 { await Task.yield() }
        handle.cancel(.person)
        let result = try await running
        #expect(result.status == .cancelled)
        #expect(bench.observer.lines == ["last"])
    }

    @Test func `an input that does not fit is refused`() async throws {
        let bench = try Workbench()
        let text = "inputs: { n: { type: integer } }\nactions: [{ log: x }]\n"
        await #expect(throws: InputError.self) { try await bench.run(text) }
        await #expect(throws: InputError.self) { try await bench.run(text, inputs: ["n": "three"]) }
        await #expect(throws: InputError.self) { try await bench.run(text, inputs: ["n": 3, "m": 4]) }
    }
}
