import CEL
import Recipe
import Sandbox
import Schedule
import Store
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct CallTests {
    @Test func `gives the called recipe's output, which sees its own inputs and vars only`() async throws {
        let bench = try Workbench([
            "greet.yml": """
            inputs: { who: { type: string }, sign: { type: string, default: "!" } }
            vars: { x: 7 }
            actions:
              - { id: line, set: { x: 8 }, output: "hello ${{ inputs.who }}${{ inputs.sign }}" }
            output: { line: "${{ actions.line }}", x: "${{ vars.x }}", name: "${{ recipe.name }}" }
            """
        ])
        let result = try await bench.run(
            """
            vars: { x: 1 }
            actions:
              - { id: line, log: mine }
              - { id: greeting, call: greet, inputs: { who: "${{ 'wor' + 'ld' }}" } }
            output: { said: "${{ actions.greeting }}", x: "${{ vars.x }}", line: "${{ actions.line }}" }
            """
        )
        #expect(
            result.output
                == .map([
                    "said": .map(["line": "hello world!", "x": 8, "name": "greet"]), "x": 1, "line": .null,
                ]),
            "\(result.error?.description ?? "")"
        )
        let detail = try await bench.detail(result.run)
        #expect(Set(detail.actions.map(\.path)) == ["line", "greeting", "greeting/line"])
        #expect(try await bench.store.runs(RunQuery()).count == 1)
    }

    @Test func `a call without output gives the last result`() async throws {
        try await withAPI { bench, sandbox in
            try bench.write("other.yml", "connection: api\nactions: [{ get: /echo }]\n")
            let result = try await bench.run("actions: [{ call: other }]\n")
            #expect(result.output("method") == "GET")
            #expect(sandbox.statistics().routes["GET /echo"] == 1)
        }
    }

    @Test func `sends through its own connection and retries as it says itself`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"), isImpatient: true)
        try await withAPI(clock: clock) { bench, sandbox in
            try bench.write(
                "other.yml",
                "connection: api\nretry: { attempts: 3, initial: 1s, jitter: none }\nactions: [{ post: \"/echo?fail=500&times=2\" }]\n"
            )
            let result = try await bench.run("retry: false\nactions: [{ call: other }]\n")
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(sandbox.statistics().routes["POST /echo"] == 3)
        }
    }

    @Test func `reads the called recipe's state and commits only the caller's`() async throws {
        let bench = try Workbench([
            "other.yml": "actions: [{ log: \"state ${{ state }}\" }]\nstate: { n: 9 }\n"
        ])
        let other = RecipePlan(try #require(bench.workspace().recipes["other"]))
        _ = try await bench.engine().once(other, inputs: .map([:]))
        _ = try await bench.run("actions: [{ call: other }]\nstate: { mine: 1 }\n")
        #expect(bench.observer.lines == ["state ", "state {\"n\":9}"])
        #expect(try await bench.store.state(of: "job")?.value == .map(["mine": 1]))
        #expect(try await bench.store.state(of: "other")?.value == .map(["n": 9]))
    }

    @Test func `a failure names the way to it, and what follows a failure is done inside and outside`() async throws {
        let bench = try Workbench([
            "other.yml": """
            actions: [{ id: inner, fail: broken }]
            on_failure: [{ log: "other failed at ${{ error.action }}" }]
            finally: [{ log: "other is over: ${{ error.message }}" }]
            """
        ])
        let result = try await bench.run(
            """
            actions: [{ do: [{ id: it, call: other }] }]
            on_failure: [{ log: "job failed at ${{ error.action }}" }]
            finally: [{ log: last }]
            """
        )
        #expect(result.error?.action == "do[0]/it/inner")
        #expect(result.error?.description == "`do[0]/it/inner`: broken")
        #expect(
            bench.observer.lines == [
                "other failed at inner", "other is over: broken", "job failed at do[0]/it/inner", "last",
            ]
        )
    }

    @Test func `works in on_success, on_failure and finally`() async throws {
        let bench = try Workbench(["say.yml": "inputs: { what: {} }\nactions: [{ log: \"${{ inputs.what }}\" }]\n"])
        _ = try await bench.run(
            """
            actions: [{ log: begun }]
            on_success: [{ parallel: [[{ call: say, inputs: { what: fine } }]] }]
            finally: [{ switch: [{ when: error == null, do: [{ call: say, inputs: { what: over } }] }] }]
            """
        )
        #expect(bench.observer.lines == ["begun", "fine", "over"])
    }

    @Test func `stop ends the called recipe, and the caller goes on`() async throws {
        let bench = try Workbench(["other.yml": "actions: [{ stop: enough }, { log: never }]\noutput: early\n"])
        let result = try await bench.run(
            "actions: [{ id: it, call: other }, { log: \"then ${{ actions.it }}\" }]\n"
        )
        #expect(result.status == .succeeded)
        #expect(result.reason == nil)
        #expect(bench.observer.lines == ["then early"])
    }

    @Test func `its own timeout fails the action, which can be handled`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(
            ["other.yml": "timeout: 10s\nactions: [{ wait: 1m }]\nfinally: [{ log: cleaned up }]\n"],
            clock: clock
        )
        async let running = bench.run(
            "actions:\n  - { id: it, call: other, on_error: continue }\noutput: ${{ actions.it.error }}\n"
        )
        while clock.sleeperCount == 0 { await Task.yield() }
        await clock.advance(by: .seconds(10))
        let result = try await running
        #expect(result.output("kind") == "timeout")
        #expect(result.output("message") == "the recipe `other` took longer than its timeout of 10s")
        #expect(bench.observer.lines == ["cleaned up"])
    }

    @Test func `a cancelled run cleans up in the called recipe too`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(["other.yml": "actions: [{ wait: 1m }]\nfinally: [{ log: inner }]\n"], clock: clock)
        let handle = RunHandle()
        async let running = bench.run("actions: [{ call: other }]\nfinally: [{ log: outer }]\n", handle: handle)
        while clock.sleeperCount == 0 { await Task.yield() }
        handle.cancel(.person)
        #expect(try await running.status == .cancelled)
        #expect(bench.observer.lines == ["inner", "outer"])
    }

    @Test func `a shutdown leaves the called recipe to the next process`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(["other.yml": "actions: [{ wait: 1m }]\nfinally: [{ log: inner }]\n"], clock: clock)
        let handle = RunHandle()
        async let running = bench.run("actions: [{ call: other }]\nfinally: [{ log: outer }]\n", handle: handle)
        while clock.sleeperCount == 0 { await Task.yield() }
        handle.cancel(.shutdown)
        #expect(try await running.status == .interrupted)
        #expect(bench.observer.lines == [])
    }

    @Test func `inputs that are only known in the run are checked there`() async throws {
        let bench = try Workbench(["other.yml": "inputs: { n: { type: integer } }\nactions: [{ log: x }]\n"])
        for (given, message) in [
            ("{ n: \"${{ dyn('a') }}\" }", "the input `n` of the recipe `other` must be of type integer"),
            ("\"${{ {'n': 1, 'm': 2} }}\"", "the recipe `other` has no input `m`"),
            ("\"${{ {} }}\"", "the recipe `other` needs the input `n`"),
            ("\"${{ dyn([1]) }}\"", "`inputs` of the recipe `other` must be a map, and is list"),
        ] {
            let result = try await bench.run("actions: [{ call: other, inputs: \(given) }]\n")
            #expect(result.error?.message == message)
        }
    }

    /// The loader lets no cycle pass; a change of files under a running process could bring one about.
    @Test func `ends at a depth of 16`() async throws {
        let bench = try Workbench(["other.yml": "actions: [{ log: x }]\n", "job.yml": "actions: [{ call: other }]\n"])
        let order = try await bench.abandoned { _ in [] }
        let recipes = order.recipes.merging(["other": order.plan]) { $1 }
        let result = await bench.resume(order.with(recipes: recipes, terms: RunOrder.Terms()))
        #expect(result.error?.message == "recipes call each other more than 16 deep here")
        #expect(result.error?.action?.split(separator: "/").count == 17)
    }

    @Test func `a recipe that is gone is named`() async throws {
        let bench = try Workbench(["other.yml": "actions: [{ log: x }]\n", "job.yml": "actions: [{ call: other }]\n"])
        let order = try await bench.abandoned { _ in [] }
        let recipes = order.recipes.filter { $0.key != "other" }
        let result = await bench.resume(order.with(recipes: recipes, terms: RunOrder.Terms()))
        #expect(result.error?.message == "there is no recipe `other` any more")
    }
}
