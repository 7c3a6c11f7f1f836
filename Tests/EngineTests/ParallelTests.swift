import CEL
import Engine
import Sandbox
import Store
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ParallelTests {
    @Test func `gives the last result of each branch, in their order`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            vars: { who: both }
            actions:
              - id: outer
                set: { seen: 1 }
              - id: both
                parallel:
                  - - { id: a, set: { x: 1 }, output: "${{ vars.x + 1 }}" }
                    - { id: b, set: { x: 2 }, output: "${{ [actions.a, actions.outer.seen] }}" }
                  - - { log: "no result" }
                  - - { id: a, set: { y: 1 }, output: "${{ vars.who }}" }
            output: ${{ actions.both }}
            """
        )
        #expect(result.output == [[2, 1], .null, "both"], "\(result.error?.description ?? "")")
        let paths = try await bench.detail(result.run).actions.map(\.path)
        #expect(Set(paths) == ["outer", "both/0/a", "both/0/b", "both/1/log[0]", "both/2/a", "both"])
    }

    @Test func `branches run at the same time`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        async let running = bench.run(
            "actions:\n  - parallel:\n      - - wait: 10s\n      - - wait: 10s\n      - - wait: 10s\n"
        )
        while clock.sleeperCount < 3 { await Task.yield() }
        await clock.advance(by: .seconds(10))
        #expect(try await running.status == .succeeded)
    }

    @Test func `changed vars come out, those of a later branch over those of an earlier one`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            vars: { a: 0, b: 0, c: 0, d: 0 }
            actions:
              - parallel:
                  - - set: { a: 1, b: 1, d: 7 }
                  - - set: { b: 2, c: 2, d: 0 }
            output: ${{ vars }}
            """
        )
        // `d` stays as it was in the second branch, which is no change of it.
        #expect(result.output == ["a": 1, "b": 2, "c": 2, "d": 7])
    }

    @Test func `after a failure the others finish what they are at, and begin nothing more`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        async let running = bench.run(
            """
            actions:
              - id: both
                parallel:
                  - - wait: 10s
                    - fail: broken
                  - - { id: long, wait: 20s }
                    - log: never
                  - - foreach: "[1, 2, 3]"
                      wait: 15s
                  - - parallel:
                        - - wait: 20s
                          - log: never
            on_failure: [{ log: "failed at ${{ error.action }}" }]
            """
        )
        while clock.sleeperCount < 4 { await Task.yield() }
        await clock.advance(by: .seconds(10))
        // The failure is seen by all before time goes on.
        try await bench.observer.wait {
            if case .actionFinished(let action, .failed, _, _) = $0 { action.path == "both/0/fail[1]" } else { false }
        }
        while clock.sleeperCount != 3 { await Task.yield() }
        await clock.advance(by: .seconds(10))
        let result = try await running
        #expect(result.error?.message == "broken")
        #expect(result.error?.action == "both/0/fail[1]")
        #expect(bench.observer.lines == ["failed at both/0/fail[1]"])
        let actions = try await bench.detail(result.run).actions
        #expect(actions.first { $0.path == "both/1/long" }?.status == .succeeded)
        #expect(actions.filter { $0.path == "both/2/wait[0]" }.map(\.index) == ["0"])
    }

    @Test func `a failure that was allowed for halts nobody`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            actions:
              - id: both
                parallel:
                  - - { id: a, fail: broken, on_error: continue }
                    - { set: { x: 1 }, output: "${{ actions.a.error.message }}" }
                  - - { do: [{ fail: worse }], on_error: [{ set: { y: 2 } }] }
            output: ${{ [actions.both[0], vars.y] }}
            """
        )
        #expect(result.output == ["broken", 2], "\(result.error?.description ?? "")")
    }

    @Test func `stop in a branch ends the run well`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            "actions:\n  - parallel:\n      - - stop: enough\n      - - log: a\n  - log: b\n"
        )
        #expect(result.status == .succeeded)
        #expect(result.reason == "enough")
        #expect(!bench.observer.lines.contains("b"))
    }

    @Test func `a run that is cancelled cancels its branches`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        let handle = RunHandle()
        async let running = bench.run(
            "actions:\n  - parallel:\n      - - wait: 1h\n      - - wait: 1h\n",
            handle: handle
        )
        while clock.sleeperCount < 2 { await Task.yield() }
        handle.cancel(.person)
        #expect(try await running.status == .cancelled)
    }

    @Test func `what a branch has sent is durable while another goes on`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        try await withAPI(clock: clock) { bench, _ in
            async let running = bench.run(
                """
                connection: api
                actions:
                  - id: both
                    parallel:
                      - - { id: sent, get: /echo }
                      - - wait: 1h
                """
            )
            try await bench.observer.wait {
                if case .actionFinished(let action, _, _, _) = $0 { action.path == "both/0/sent" } else { false }
            }
            var done: [String] = []
            while done != ["both/0/sent"] {
                let run = try #require(try await bench.store.runs(RunQuery(recipe: "job")).first)
                done = try await bench.store.checkpoints(of: run.id).filter { $0.status == .succeeded }.map(\.path)
            }
            while clock.sleeperCount == 0 { await Task.yield() }
            await clock.advance(by: .seconds(3600))
            #expect(try await running.status == .succeeded)
        }
    }
}
