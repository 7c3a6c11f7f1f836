import CEL
import Engine
import Recipe
import Store
import Testing
import YAML

@Suite(.timeLimit(.minutes(1))) struct SwitchTests {
    private static let recipe = """
        inputs: { n: { type: integer } }
        vars: { was: nothing }
        actions:
          - id: choice
            switch:
              - when: inputs.n < 10
                do:
                  - { id: said, set: { was: small }, output: "${{ 'only ' + string(inputs.n) }}" }
              - when: inputs.n < 100
                do:
                  - { set: { was: medium }, output: medium }
                  - { log: "medium" }
            else:
              - { set: { was: large }, output: "${{ inputs.n }}" }
        output: ${{ [actions.choice, vars.was] }}
        """

    @Test(
        arguments: [(1, ["only 1", "small"]), (10, ["medium", "medium"]), (100, [100, "large"])] as [(Int64, Value)]
    )
    func `does the first case that holds, else the rest`(n: Int64, expected: Value) async throws {
        let bench = try Workbench()
        let result = try await bench.run(Self.recipe, inputs: ["n": .int(n)])
        #expect(result.output == expected, "\(result.error?.description ?? "")")
    }

    @Test func `gives null when nothing is done`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            "actions:\n  - { id: a, switch: [{ when: 1 > 2, do: [{ log: never }] }] }\noutput: ${{ actions.a == null }}\n"
        )
        #expect(result.output == true)
        #expect(bench.observer.lines == [])
    }

    @Test func `a condition must be true or false`() async throws {
        let bench = try Workbench()
        let result = try await bench.run("actions:\n  - switch: [{ when: dyn(3), do: [{ log: never }] }]\n")
        #expect(result.error?.message == "`when` must be true or false, and is int")
        #expect(result.error?.place?.mark.column == 22)
    }
}
