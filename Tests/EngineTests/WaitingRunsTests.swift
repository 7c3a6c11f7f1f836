import CEL
import Recipe
import Schedule
import Store
import Testing

@testable import Engine

@Suite struct WaitingRunsTests {
    private let plan: RecipePlan
    private let trigger: Trigger

    init() throws {
        let bench = try Workbench(["job.yml": "trigger: { interval: 1h, overlap: queue }\nactions: [{ log: x }]\n"])
        let recipe = try #require(bench.workspace().recipes["job"])
        plan = RecipePlan(recipe)
        trigger = try #require(recipe.triggers.first)
    }

    private func order(_ recipe: String, _ second: Int64, inTurn: Bool = true) -> RunOrder {
        let fire = FireKey(recipe: recipe, trigger: "t", scheduledAt: Instant(seconds: second))
        return RunOrder(
            run: RunRecord(fire: fire, status: .queued),
            plan: plan,
            trigger: inTurn ? trigger : nil,
            inputs: .null,
            connections: [:]
        )
    }

    private func take(_ waiting: inout WaitingRuns, _ trial: WaitingRuns.Trial = .started) -> String? {
        guard let order = waiting.takeNext() else { return nil }
        waiting.settle(order, trial)
        return "\(order.run.fire.recipe)\(order.run.fire.scheduledAt.wholeSeconds)"
    }

    @Test func `recipes take turns, each in the order of its fires`() {
        var waiting = WaitingRuns()
        for second in [3, 1, 2] as [Int64] { waiting.append(order("a", second, inTurn: false)) }
        waiting.append(order("b", 9, inTurn: false))
        waiting.append(order("b", 8, inTurn: false))
        #expect(waiting.count == 5)
        #expect((0..<6).map { _ in take(&waiting) } == ["a1", "b8", "a2", "b9", "a3", nil])
        #expect(waiting.isEmpty)
    }

    @Test func `one that was told to wait stands behind who has come before it meanwhile`() throws {
        var waiting = WaitingRuns()
        waiting.append(order("a", 2))
        let next = waiting.takeNext()
        let later = try #require(next)
        waiting.append(order("a", 1))
        waiting.settle(later, .mustWait)
        #expect(waiting.count == 2)
        #expect(take(&waiting) == "a1")
        waiting.retry("a")
        #expect(take(&waiting) == "a2")
    }

    @Test func `the next in line tries when the one before has ended`() {
        var waiting = WaitingRuns()
        waiting.append(order("a", 1))
        waiting.append(order("a", 2))
        #expect(take(&waiting) == "a1")
        #expect(take(&waiting) == nil)
        waiting.retry("b")
        #expect(take(&waiting) == nil)
        waiting.retry("a")
        #expect(take(&waiting) == "a2")
    }

    @Test func `one that must wait stays first, and tries again when something has ended meanwhile`() throws {
        var waiting = WaitingRuns()
        waiting.append(order("a", 2))
        let taken = waiting.takeNext()
        let first = try #require(taken)
        waiting.append(order("a", 3))
        #expect(take(&waiting) == nil)
        waiting.retry("a")
        waiting.settle(first, .mustWait)
        #expect(waiting.count == 2)
        #expect(take(&waiting, .mustWait) == "a2")
        #expect(take(&waiting) == nil)
        waiting.append(order("a", 1))
        #expect(take(&waiting) == "a1")
        waiting.retryAll()
        #expect(take(&waiting, .dropped) == "a2")
        #expect(take(&waiting) == "a3")
    }

    @Test func `all can be taken out`() {
        var waiting = WaitingRuns()
        for second in 1...3 as ClosedRange<Int64> { waiting.append(order("a", second)) }
        #expect(waiting.removeAll().count == 3)
        #expect(waiting.isEmpty)
        #expect(take(&waiting) == nil)
    }
}
