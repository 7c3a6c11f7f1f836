import Connections
import Recipe
import Schedule
import Store
import Synchronization
import Testing

@testable import Engine

/// A process of `runner start` without files and network: a scheduler, on a clock and a performer of the test's.
final class SchedulerProcess: Sendable {
    let scheduler: Scheduler
    let performer: StandInPerformer
    let clock: ManualEngineClock
    let bench: Workbench
    let observer = Recorder()
    let node = NodeID()

    private let given: Workspace?

    /// - Parameter workspace: what is loaded at the start, in place of the bench's, which must be valid.
    init(
        _ bench: Workbench,
        clock: ManualEngineClock,
        workspace: Workspace? = nil,
        length: @escaping @Sendable (RunOrder) -> Duration = { _ in .zero },
        outcome: @escaping @Sendable (RunOrder) -> (status: RunStatus, lateness: Duration?) = { _ in (.succeeded, nil) }
    ) {
        self.bench = bench
        given = workspace
        self.clock = clock
        performer = StandInPerformer(store: bench.store, clock: clock, length: length, outcome: outcome)
        scheduler = Scheduler(
            services: Scheduler.Services(
                store: bench.store,
                loader: bench.loader,
                performer: performer,
                clock: clock,
                node: node,
                observer: observer
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

    func reload() async throws {
        try await scheduler.load(bench.workspace())
        try await scheduler.watchTriggers(isStart: false)
        await settle()
    }

    func advance(by duration: Duration) async {
        await clock.advance(by: duration) { await self.settle() }
    }

    /// The process is killed: nothing more happens in it.
    func kill() async throws {
        performer.die()
        await scheduler.freeze()
        // To others it is a process that is there no more.
        try await bench.store.unregister(node)
    }

    /// Waits until all that is due is done, and what runs sleeps on the clock.
    func settle() async {
        while !(await scheduler.isSettled(clock)) { await Task.yield() }
    }
}

extension Scheduler {
    func isSettled(_ clock: ManualEngineClock) -> Bool {
        // A wake-up that waits for slots is answered when the clock moves on.
        let answering = slotWaiter == nil ? 0 : 1
        guard unanswered.withLock({ $0 == answering }), !isAwake || slotWaiter != nil, !isFilling,
            ahead.allSatisfy({ $0.uptime > clock.uptime() }), running.count <= clock.sleeperCount
        else {
            return false
        }
        return isStopping || nextWake().map { $0 > clock.now() } ?? true
    }

    func freeze() {
        isStopping = true
        silenceAlarm()
    }
}

extension Store {
    /// Every fire time of a trigger that has a record, ranges spelled out by the trigger's own rule, with the number of its records.
    func accounted(for key: TriggerKey, _ trigger: Trigger) async throws -> [Instant: Int] {
        var counts: [Instant: Int] = [:]
        for run in try await runs(RunQuery(recipe: key.recipe, limit: 1_000_000)) where run.fire.trigger == key.trigger
        {
            guard let until = run.missedUntil else {
                counts[run.fire.scheduledAt, default: 0] += 1
                continue
            }
            var time: Instant? = run.fire.scheduledAt
            var count = 0
            while let moment = time, moment <= until {
                counts[moment, default: 0] += 1
                count += 1
                time = trigger.next(after: moment)
            }
            #expect(run.missedCount == count)
        }
        return counts
    }
}
