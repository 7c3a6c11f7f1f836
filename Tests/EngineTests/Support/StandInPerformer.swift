import Recipe
import Schedule
import Store
import Synchronization

@testable import Engine

/// Stands in for the executor in tests of the scheduler: a run takes the time that the test says, on its clock, and then ends well.
final class StandInPerformer: RunPerforming {
    private struct State {
        var orders: [RunOrder] = []
        var prepared: [(recipe: String, uptime: Duration)] = []
        var isDead = false
    }

    private let store: any Store
    private let clock: ManualEngineClock
    private let length: @Sendable (RunOrder) -> Duration
    private let outcome: @Sendable (RunOrder) -> (status: RunStatus, lateness: Duration?)
    private let state = Mutex(State())

    init(
        store: any Store,
        clock: ManualEngineClock,
        length: @escaping @Sendable (RunOrder) -> Duration = { _ in .zero },
        outcome: @escaping @Sendable (RunOrder) -> (status: RunStatus, lateness: Duration?) = { _ in (.succeeded, nil) }
    ) {
        self.store = store
        self.clock = clock
        self.length = length
        self.outcome = outcome
    }

    /// What was run, in the order of starting.
    var orders: [RunOrder] { state.withLock { $0.orders } }
    /// For which recipes' runs it was told to get ready, and when.
    var prepared: [(recipe: String, uptime: Duration)] { state.withLock { $0.prepared } }
    var fireTimes: [Instant] { orders.map(\.run.fire.scheduledAt) }

    /// From now on nothing is written any more, as if the process had died.
    func die() { state.withLock { $0.isDead = true } }

    func prepare(_ plans: [RecipePlan], connections: [String: Connection]) {
        let uptime = clock.uptime()
        state.withLock { state in state.prepared += plans.map { ($0.recipe.name, uptime) } }
    }

    func begin(_ order: RunOrder, handle: RunHandle, whenDone: @escaping @Sendable (RunResult) -> Void) {
        Task.detached { whenDone(await self.perform(order, handle)) }
    }

    private func perform(_ order: RunOrder, _ handle: RunHandle) async -> RunResult {
        state.withLock { $0.orders.append(order) }
        var result = RunResult(
            run: order.run.id,
            status: .succeeded,
            reason: nil,
            output: nil,
            error: nil,
            storeError: nil,
            duration: .zero
        )
        let length = length(order)
        if length > .zero {
            let deadline = clock.uptime() + length
            while clock.uptime() < deadline, handle.reason == nil, !state.withLock({ $0.isDead }) {
                try? await clock.sleep(for: min(deadline - clock.uptime(), .seconds(1)))
            }
        }
        guard !state.withLock({ $0.isDead }) else { return result }
        switch handle.reason {
        case nil:
            let outcome = outcome(order)
            (result.status, result.lateness) = outcome
            if outcome.status == .failed { result.reason = "it broke" }
        case .request(let reason):
            result.status = .cancelled
            result.reason = reason
        default:
            result.status = .interrupted
            result.reason = "shutdown: the process stopped before the run was done"
        }
        var end = RunEnd(run: order.run.id, status: result.status, finishedAt: clock.now(), reason: result.reason)
        end.startedAt = order.run.startedAt
        do {
            try await store.finish(end, fence: order.run.fence)
        } catch {
            result.storeError = error
        }
        return result
    }
}
