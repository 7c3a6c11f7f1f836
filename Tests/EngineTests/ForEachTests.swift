import CEL
import GRDB
import Recipe
import Sandbox
import Testing

@testable import Engine
@testable import Store

@Suite(.timeLimit(.minutes(1))) struct ForEachTests {
    @Test(arguments: [1, 4])
    func `gives results in the order of the items`(concurrency: Int) async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            actions:
              - id: each
                foreach: "[5, 3, 9, 1]"
                as: n
                concurrency: \(concurrency)
                set: { last: "${{ n }}" }
                output: "${{ [index, item, n * 2] }}"
            output: ${{ actions.each }}
            """
        )
        #expect(result.output == .list([[0, 5, 10], [1, 3, 6], [2, 9, 18], [3, 1, 2]]))
    }

    @Test func `keeps what an item sets to the item`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            vars: { x: 0 }
            actions:
              - { foreach: "[1, 2]", set: { x: "${{ item }}" } }
              - log: "x is ${{ vars.x }}"
            """
        )
        #expect(result.status == .succeeded)
        #expect(bench.observer.lines == ["x is 0"])
    }

    @Test func `begins no new item after a failure`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            actions:
              - id: each
                foreach: "[1, 2, 3]"
                do:
                  - log: "item ${{ item }}"
                  - { if: "item == 2", fail: "two" }
            """
        )
        #expect(result.status == .failed)
        #expect(bench.observer.lines == ["item 1", "item 2"])
    }

    @Test func `a failed item is its error when told to go on`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(
            """
            actions:
              - { id: each, foreach: "[1, 2]", if: "true", fail: "no ${{ item }}", on_error: continue }
            output: "${{ actions.each.map(r, r.error.message) }}"
            """
        )
        #expect(result.output == ["no 1", "no 2"])
    }

    @Test func `needs a list`() async throws {
        let bench = try Workbench()
        let result = try await bench.run("actions:\n  - { foreach: \"dyn(1 + 1)\", log: x }\n")
        #expect(result.status == .failed)
        #expect(
            result.error?.message
                == "`foreach` needs a list, and this is int; write `lists.range(n)` for the numbers from 0, or `[n]` for one item"
        )
    }

    @Test func `does at most so many items at a time`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        async let running = bench.run(
            "actions:\n  - { foreach: \"[1, 2, 3, 4, 5]\", concurrency: 2, wait: 10s }\n"
        )
        for round in 0..<3 {
            let expected = round < 2 ? 2 : 1
            while clock.sleeperCount < expected { await Task.yield() }
            #expect(clock.sleeperCount == expected)
            await clock.advance(by: .seconds(10))
        }
        #expect(try await running.status == .succeeded)
    }

    @Test func `an empty list gives an empty list`() async throws {
        let bench = try Workbench()
        let result = try await bench.run("actions:\n  - { id: e, foreach: \"[]\", log: x }\noutput: ${{ actions.e }}\n")
        #expect(result.output == [])
    }

    @Test func `nothing is changed at a server before what it was made from is durable`() async throws {
        try await withAPI { bench, sandbox in
            let store = try #require(bench.store as? SQLiteStore)
            // Room for all but the results of the requests.
            try await store.writer.maintain { database in
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                try database.execute(sql: "PRAGMA max_page_count = \(pages + 16)")
            }
            try bench.write(
                "job.yml",
                """
                connection: api
                actions:
                  - foreach: "[1, 2, 3, 4]"
                    concurrency: 2
                    do:
                      - { get: /echo, output: "${{ lists.range(30000).map(i, 'xxxxx').join() }}" }
                      - { post: /echo, json: {} }
                """
            )
            let plan = RecipePlan(try #require(bench.workspace().recipes["job"]))
            let result = try await bench.engine().once(plan, inputs: try plan.inputs(given: [:]), handle: RunHandle())
            #expect(result.status == .interrupted)
            #expect(sandbox.statistics().routes["GET /echo"] != nil)
            #expect(sandbox.statistics().routes["POST /echo"] == nil)
        }
    }
}
