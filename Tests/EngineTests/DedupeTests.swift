import CEL
import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// Items of a `foreach` that were done are not done again.
@Suite(.timeLimit(.minutes(1))) struct DedupeTests {
    private func recipe(_ rest: String = "log: \"item ${{ item }}\"", keys: String = "concurrency: 1") -> String {
        """
        inputs: { list: { type: list } }
        actions:
          - id: each
            foreach: inputs.list
            dedupe: { key: item, ttl: 1h }
            \(keys)
            \(rest)
            output: ${{ item }}
        output: ${{ actions.each }}

        """
    }

    @Test func `a later run leaves out what an earlier one did, until its time is over`() async throws {
        let clock = ManualEngineClock(at: .at("2026-01-01T00:00:00Z"))
        let bench = try Workbench(clock: clock)
        let first = try await bench.run(recipe(), inputs: ["list": [1, 2, 1]])
        #expect(first.output == [1, 2, .null])
        clock.step(by: .seconds(1))
        let second = try await bench.run(recipe(), inputs: ["list": [2, 3, "2"]])
        // A number and a text are two things.
        #expect(second.output == [.null, 3, "2"])
        clock.step(by: .seconds(3_599))
        #expect(try await bench.run(recipe(), inputs: ["list": [2, 3]]).output == [2, .null])
        clock.step(by: .seconds(1))
        #expect(try await bench.run(recipe(), inputs: ["list": [1, 3]]).output == [1, 3])
        #expect(bench.observer.lines.suffix(2) == ["item 1", "item 3"])
    }

    @Test func `items at the same time with one key are done once`() async throws {
        let bench = try Workbench()
        let list = Value.list((0..<40).map { .int($0 % 4) })
        let result = try await bench.run(recipe(keys: "concurrency: 8"), inputs: ["list": list])
        #expect(result.output == .list((0..<40).map { $0 < 4 ? .int($0) : .null }))
        #expect(bench.observer.lines.count == 4)
    }

    @Test func `what failed is not done, and is done by the next run`() async throws {
        let bench = try Workbench()
        let text = recipe("fail: no\n    on_error: continue")
        #expect(try await bench.run(text, inputs: ["list": [1]]).status == .succeeded)
        #expect(try await bench.run(recipe(), inputs: ["list": [1]]).output == [1])
    }

    @Test func `a key that is null fails the action`() async throws {
        let bench = try Workbench()
        let result = try await bench.run(recipe(), inputs: ["list": [1, .null]])
        #expect(result.status == .failed)
        #expect(result.error?.message == "the key of item 1 is null, which tells no item from another")
        #expect(bench.observer.lines == [])
    }

    @Test func `a resumed run keeps the results of its items, and does the rest`() async throws {
        let bench = try Workbench()
        let text = """
            actions:
              - id: each
                foreach: "[1, 2, 3]"
                dedupe: { key: item }
                do:
                  - { log: "item ${{ item }}" }
                  - { if: item == 2 && run.attempt == 1, fail: broken }
                output: ${{ item * 10 }}
            output: ${{ actions.each }}

            """
        let first = try await bench.run(text)
        #expect(first.status == .failed)
        let plan = RecipePlan(try #require(bench.workspace().recipes["job"]))
        let detail = try await bench.detail(first.run)
        let result = try await bench.engine().resume(
            detail,
            plan,
            commitsState: true,
            redoesUnknown: false,
            handle: RunHandle()
        )
        #expect(result?.output == [10, 20, 30])
        #expect(bench.observer.lines == ["item 1", "item 2", "item 3"])
        // Another run finds all done.
        #expect(try await bench.run(text).output == [.null, .null, .null])
    }
}
