import CEL
import Engine
import Sandbox
import Store
import Testing

/// How runs go on inside the verbs that hold other actions.
@Suite(.timeLimit(.minutes(1))) struct VerbResumeTests {
    @Test func `goes on in each branch of parallel and switch`() async throws {
        let bench = try Workbench()
        let result = try await bench.resume(
            """
            vars: { x: 0 }
            actions:
              - id: both
                parallel:
                  - - { id: a, log: first, output: "${{ 1 }}" }
                    - { id: b, set: { x: 1 }, output: "${{ 2 }}" }
                  - - switch:
                        - when: "true"
                          do:
                            - { id: c, log: third, output: "${{ 3 }}" }
                            - { id: d, log: fourth, output: "${{ actions.c + 1 }}" }
            output: ${{ [actions.both, vars.x] }}
            """,
            [
                ("both/0/a", "", .succeeded, 10), ("both/0/b", "", .succeeded, .map(["x": 20])),
                ("both/1/switch[0]/0/c", "", .succeeded, 30),
            ]
        )
        #expect(bench.observer.lines == ["fourth"])
        #expect(result.output == [[["x": 20], 31], 20], "\(result.error?.description ?? "")")
    }

    @Test func `goes on inside a called recipe`() async throws {
        let bench = try Workbench([
            "other.yml": """
            inputs: { n: { type: integer } }
            actions:
              - { id: a, log: first, output: "${{ inputs.n }}" }
              - { id: b, log: second, output: "${{ actions.a + 1 }}" }
            """
        ])
        let result = try await bench.resume(
            "actions:\n  - { id: it, foreach: \"[1, 2]\", call: other, inputs: { n: \"${{ item }}\" } }\noutput: ${{ actions.it }}\n",
            [("it", "0", .succeeded, 100), ("it/a", "1", .succeeded, 50)]
        )
        #expect(bench.observer.lines == ["second"])
        #expect(result.output == [100, 51], "\(result.error?.description ?? "")")
    }

    @Test func `goes on polling, even with a POST`() async throws {
        try await withAPI { bench, sandbox in
            let result = try await bench.resume(
                "connection: api\nactions: [{ id: p, post: /echo, until: response.status == 200 || response.status == 201 }]\n",
                [("p", "", .started, nil)]
            )
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(sandbox.statistics().routes["POST /echo"] == 1)
        }
    }

    @Test func `goes on in the round in which repeated actions were`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        let bench = try Workbench(clock: clock)
        let result = try await bench.resume(
            """
            vars: { n: 0 }
            actions:
              - id: rounds
                until: result > 6
                do:
                  - { id: say, log: "round ${{ vars.n }}" }
                  - { id: add, set: { n: "${{ vars.n + 1 }}" }, output: "${{ vars.n }}" }
            output: ${{ actions.rounds }}
            """,
            [
                ("rounds", "", .started, .map(["round": 5, "vars": .map(["n": 5])])),
                ("rounds/say", "4", .succeeded, .null),
                ("rounds/say", "5", .succeeded, .null),
            ]
        )
        #expect(bench.observer.lines == ["round 6"])
        #expect(result.output == 7, "\(result.error?.description ?? "")")
        #expect(clock.slept.count == 1)
    }
}
