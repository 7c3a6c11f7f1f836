import CEL
import Engine
import Sandbox
import Store
import Testing

/// `on_success`, `on_failure` and `finally`, with verbs that hold or call others, and after a run whose time is over.
@Suite(.timeLimit(.minutes(1))) struct SequelTests {
    @Test func `requests are sent after a run that took too long`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        try await withAPI(clock: clock) { bench, sandbox in
            async let running = bench.run(
                """
                timeout: 1m
                connection: api
                actions: [{ wait: 1h }]
                on_failure: [{ post: /echo, json: { kind: "${{ error.kind }}" } }]
                finally: [{ do: [{ put: /echo }] }]
                """
            )
            while clock.sleeperCount == 0 { await Task.yield() }
            await clock.advance(by: .seconds(60))
            let result = try await running
            #expect(result.status == .timedOut)
            #expect(sandbox.statistics().routes == ["POST /echo": 1, "PUT /echo": 1])
        }
    }

    @Test func `everything that runs otherwise runs afterwards too`() async throws {
        let bench = try Workbench(["say.yml": "inputs: { what: {} }\nactions: [{ log: \"${{ inputs.what }}\" }]\n"])
        let result = try await bench.run(
            """
            actions: [{ id: a, fail: broken }]
            on_failure:
              - parallel:
                  - - { id: b, shell: "echo $WHAT", env: { WHAT: "${{ error.message }}" } }
                    - { call: say, inputs: { what: "${{ actions.b.stdout.trim() }}" } }
              - { set: { n: 1 }, until: result.n == 1 }
            finally:
              - switch: [{ when: error.kind == 'fail', do: [{ call: say, inputs: { what: "${{ error.action }}" } }] }]
              - parallel: [[{ fail: unheard }]]
            """
        )
        #expect(result.error?.message == "broken")
        #expect(bench.observer.lines == ["broken", "a"])
    }

    @Test func `a run that went well fails when what follows fails`() async throws {
        let bench = try Workbench(["bad.yml": "actions: [{ id: x, run: [\"false\"] }]\n"])
        let result = try await bench.run("actions: [{ log: a }]\non_success: [{ id: c, call: bad }]\n")
        #expect(result.status == .failed)
        #expect(result.error?.action == "on_success/c/x")
    }
}
