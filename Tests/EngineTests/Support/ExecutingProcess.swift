import CEL
import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// A process of `runner start` that really performs its runs.
final class ExecutingProcess: Sendable {
    let scheduler: Scheduler
    let bench: Workbench
    let clock: ManualEngineClock
    let node = NodeID()

    private let given: Workspace?

    /// - Parameter workspace: what is loaded at the start, in place of the bench's, which must be valid.
    init(_ bench: Workbench, workspace: Workspace? = nil) throws {
        self.bench = bench
        given = workspace
        clock = try #require(bench.clock as? ManualEngineClock)
        scheduler = Scheduler(
            services: Scheduler.Services(
                store: bench.store,
                loader: bench.loader,
                performer: Executor(
                    store: bench.store,
                    connections: bench.connections(),
                    redactor: bench.redactor,
                    clock: bench.clock,
                    environment: .map([:]),
                    observer: bench.observer
                ),
                clock: bench.clock,
                node: node,
                observer: bench.observer
            ),
            workspace: workspace ?? bench.workspace()
        )
    }

    func start() async throws {
        let record = NodeRecord.current(id: node, leaseUntil: clock.now() + .seconds(86_400 * 3_650))
        try await bench.store.register(record, now: clock.now())
        await scheduler.begin()
        try await scheduler.load(given ?? bench.workspace())
        try await scheduler.recover()
        try await scheduler.watchTriggers(isStart: true)
        await settle()
    }

    func settle() async {
        while !(await scheduler.isSettled(clock)) { await Task.yield() }
    }

    func advance(by duration: Duration) async { await clock.advance(by: duration) { await self.settle() } }

    func kill() async throws {
        await scheduler.freeze()
        try await bench.store.unregister(node)
    }
}
