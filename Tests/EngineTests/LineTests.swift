import Recipe
import Schedule
import Store
import Synchronization
import Testing

@testable import Engine

/// 600 fires at noon, all claimed before it, and 256 slots.
@Suite(.timeLimit(.minutes(2))) struct LineTests {
    private let noon = Instant.at("2026-05-04T12:00:00Z")
    private let fires = 600

    /// A process that has claimed the fires, a tenth of a second before noon.
    private func processBeforeNoon(
        _ trigger: String = "cron: '0 12 * * *'",
        _ keys: String = "",
        slots: Int = 256,
        runs: Duration
    ) async throws -> SchedulerProcess {
        try await processBeforeNoon(trigger, keys, slots: slots, fires: fires) { _ in runs }
    }

    /// The same with several triggers for each recipe.
    private func processBeforeNoon(list: String, runs: Duration) async throws -> SchedulerProcess {
        try await processBeforeNoon("id: one, \(list)", isList: true, fires: fires) { _ in runs }
    }

    /// The same with eight more recipes that have this trigger.
    private func processBeforeNoon(runs: Duration, others: String) async throws -> SchedulerProcess {
        try await processBeforeNoon(others: others, fires: fires) { _ in runs }
    }

    private func processBeforeNoon(
        _ trigger: String = "cron: '0 12 * * *'",
        _ keys: String = "",
        isList: Bool = false,
        others: String = "",
        slots: Int = 256,
        fires: Int,
        length: @escaping @Sendable (RunOrder) -> Duration
    ) async throws -> SchedulerProcess {
        var files = ["runner.yml": "max_concurrent_runs: \(slots)\n"]
        for number in 0..<fires {
            let triggers = isList ? "trigger: [{ \(trigger) }]" : "trigger: { \(trigger) }"
            files["job\(number).yml"] = "\(triggers)\n\(keys)\nactions: [{ log: hello }]\n"
        }
        for number in 0..<(others.isEmpty ? 0 : 8) {
            files["other\(number).yml"] = "trigger: { \(others) }\nactions: [{ log: hello }]\n"
        }
        let clock = ManualEngineClock(at: noon - .seconds(10))
        let process = SchedulerProcess(try Workbench(files, clock: clock), clock: clock, length: length)
        try await process.start()
        await process.advance(by: .milliseconds(9_900))
        return process
    }

    private func records(_ process: SchedulerProcess) async throws -> [RunRecord] {
        try await process.bench.store.runs(RunQuery(limit: 10_000))
    }

    private func count(_ status: RunStatus, _ process: SchedulerProcess) async throws -> Int {
        try await records(process).count { $0.status == status }
    }

    /// Each fire once.
    private func areAllServed(_ process: SchedulerProcess, by processes: SchedulerProcess...) async throws -> Bool {
        let orders = processes.flatMap(\.performer.orders)
        let recipes = Set(try await records(process).filter { $0.status == .succeeded }.map(\.fire.recipe))
        return recipes.count == fires && orders.count == fires && Set(orders.map(\.run.fire.recipe)).count == fires
    }

    @Test func `all are claimed before noon, and begin one after the other as slots become free`() async throws {
        let process = try await processBeforeNoon(runs: .milliseconds(10))
        #expect(try await count(.running, process) == fires)
        #expect(process.performer.orders.isEmpty)
        await process.advance(by: .milliseconds(100))
        #expect(process.performer.orders.count == 256)
        #expect(await process.scheduler.running.count == 256)
        await process.advance(by: .milliseconds(30))
        #expect(try await count(.succeeded, process) == fires)
        #expect(try await areAllServed(process, by: process))
        let times = Set(try await records(process).map(\.startedAt))
        #expect(times == [noon, noon + .milliseconds(10), noon + .milliseconds(20)])
        #expect(await process.scheduler.queueing == nil)
    }

    @Test func `of more slots than a thousand the others are given when the first runs last`() async throws {
        let process = try await processBeforeNoon(slots: 10_000, fires: 2_500) { _ in .seconds(1) }
        await process.advance(by: .milliseconds(199))
        #expect(process.performer.orders.count == 1_024)
        await process.advance(by: .milliseconds(1))
        #expect(process.performer.orders.count == 2_048)
        await process.advance(by: .milliseconds(100))
        #expect(process.performer.orders.count == 2_500)
        #expect(try await count(.running, process) == 2_500)
        await process.advance(by: .seconds(1))
        #expect(try await count(.succeeded, process) == 2_500)
    }

    @Test func `when none ends, those without a slot wait in the store`() async throws {
        let process = try await processBeforeNoon(runs: .seconds(10))
        await process.advance(by: .milliseconds(199))
        #expect(try await count(.running, process) == fires)
        await process.advance(by: .milliseconds(1))
        let queued = try await records(process).filter { $0.status == .queued }
        #expect(queued.count == fires - 256)
        #expect(queued.allSatisfy { $0.startedAt == nil && $0.node == process.node })
        await process.advance(by: .seconds(40))
        #expect(try await areAllServed(process, by: process))
    }

    @Test func `after two seconds the others wait in the store, though some end all the time`() async throws {
        let begun = Mutex(0)
        // 64 slots are given on every 95 ms.
        let process = try await processBeforeNoon(fires: 1_700) { _ in
            begun.withLock { begun in
                begun += 1
                return begun <= 256 - 64 ? .seconds(10) : .milliseconds(95)
            }
        }
        await process.advance(by: .milliseconds(2_099))
        #expect(try await count(.queued, process) == 0)
        #expect(process.performer.orders.count == 256 + 21 * 64)
        await process.advance(by: .milliseconds(1))
        #expect(try await count(.queued, process) == 1_700 - 256 - 21 * 64)
        await process.advance(by: .seconds(1))
        #expect(process.performer.orders.count == 1_700)
    }

    @Test(arguments: [
        ("cron: '0 12 * * *', start_deadline: 1s", "", 256), ("cron: '0 12 * * *'", "on_interrupt: fail", 256),
        ("cron: '0 12 * * *'", "", 255),
    ])
    func `a fire that must have a slot when its time comes is not claimed before without one`(
        trigger: String,
        keys: String,
        slots: Int
    ) async throws {
        let process = try await processBeforeNoon(trigger, keys, slots: slots, runs: .milliseconds(10))
        #expect(try await count(.running, process) == slots)
        #expect(try await records(process).count == slots)
        await process.advance(by: .milliseconds(200))
        #expect(try await areAllServed(process, by: process))
    }

    @Test func `a process that stops leaves those in line to the next`() async throws {
        let process = try await processBeforeNoon(runs: .milliseconds(50))
        await process.advance(by: .milliseconds(120))
        let stop = Task { await process.scheduler.stop(grace: .seconds(5)) }
        while !(await process.scheduler.isStopping) { await Task.yield() }
        await process.advance(by: .seconds(1))
        await stop.value
        let left = try await records(process)
        #expect(left.count { $0.status == .succeeded } == 256)
        #expect(left.count { $0.status == .queued && $0.node == nil && $0.startedAt == nil } == fires - 256)
        try await process.kill()
        let next = SchedulerProcess(process.bench, clock: process.clock, length: { _ in .milliseconds(10) })
        try await next.start()
        await next.advance(by: .seconds(1))
        #expect(try await areAllServed(next, by: process, next))
        #expect(next.performer.orders.allSatisfy { $0.terms.beginning == .fresh })
    }

    @Test func `a process that is killed loses none of those in line`() async throws {
        let process = try await processBeforeNoon(runs: .milliseconds(50))
        await process.advance(by: .milliseconds(160))
        #expect(process.performer.orders.count == 512)
        try await process.kill()
        let next = SchedulerProcess(process.bench, clock: process.clock, length: { _ in .milliseconds(10) })
        try await next.start()
        await next.advance(by: .seconds(1))
        #expect(try await count(.succeeded, next) == fires)
        // 256 had succeeded, and as many were under way.
        #expect(next.performer.orders.count == fires - 256)
    }

    @Test func `one in line can be cancelled`() async throws {
        let process = try await processBeforeNoon(runs: .milliseconds(50))
        await process.advance(by: .milliseconds(110))
        let line = await process.scheduler.line
        let last = try #require(line.last?.run.id)
        let store = process.bench.store
        _ = try await store.cancel(last, reason: "not this one", now: process.clock.now()) { _ in true }
        await process.scheduler.lookAround()
        await process.advance(by: .seconds(1))
        let record = try #require(try await store.run(last.text)).run
        #expect(record.status == .cancelled && record.reason == "not this one")
        #expect(try await count(.succeeded, process) == fires - 1)
    }

    @Test func `a claim that another has taken over does not run here`() async throws {
        let process = try await processBeforeNoon(runs: .seconds(10))
        await process.advance(by: .milliseconds(110))
        let line = await process.scheduler.line
        let last = try #require(line.last?.run)
        let other = NodeRecord.current(id: NodeID("other"), leaseUntil: noon + .seconds(3_600))
        try await process.bench.store.register(other, now: process.clock.now())
        let taken = try await process.bench.store.takeOver(last.id, fence: last.fence, node: other.id)
        #expect(taken != nil)
        await process.advance(by: .seconds(40))
        #expect(process.performer.orders.count == fires - 1)
        #expect(await process.scheduler.heldRuns.isEmpty)
    }

    @Test func `one that must wait for another run does so`() async throws {
        let triggers = "cron: '0 12 * * *', overlap: queue }, { id: again, cron: '0 12 * * *', overlap: queue"
        let process = try await processBeforeNoon(list: triggers, runs: .milliseconds(10))
        #expect(try await records(process).count == 2 * fires)
        await process.advance(by: .milliseconds(105))
        let running = await process.scheduler.running.keys
        let recipes = Set(process.performer.orders.filter { running.contains($0.run.id) }.map(\.run.fire.recipe))
        #expect(recipes.count == running.count)
        await process.advance(by: .seconds(2))
        #expect(try await count(.succeeded, process) == 2 * fires)
        #expect(process.performer.orders.count == 2 * fires)
    }

    @Test func `one with a start deadline does not wait behind the line`() async throws {
        let process = try await processBeforeNoon(
            runs: .milliseconds(50),
            others: "cron: '0 12 * * *', start_deadline: 60ms"
        )
        await process.advance(by: .seconds(1))
        #expect(try await count(.succeeded, process) == fires + 8)
    }

    @Test func `a pause and a removal are obeyed by one in line`() async throws {
        let process = try await processBeforeNoon(runs: .milliseconds(50))
        await process.advance(by: .milliseconds(110))
        let line = await process.scheduler.line.map(\.run.fire.recipe)
        _ = try await process.bench.store.pause(line[10], note: "not now", now: process.clock.now())
        await process.scheduler.lookAround()
        try process.bench.remove("\(line[20]).yml")
        try await process.reload()
        await process.advance(by: .seconds(1))
        let begun = process.performer.orders.map(\.run.fire.recipe)
        #expect(!begun.contains(line[10]) && !begun.contains(line[20]) && begun.count == fires - 2)
        #expect(try await count(.paused, process) == 1)
        #expect(try await records(process).count == fires - 1)
        #expect(await process.scheduler.heldRuns.isEmpty)
    }

    @Test func `runs that are parked give their slots to those in line`() async throws {
        var files = ["runner.yml": "max_concurrent_runs: 256\n"]
        for number in 0..<fires {
            files["job\(number).yml"] = "trigger: { cron: '0 12 * * *' }\nactions: [{ wait: 10s }]\n"
        }
        let bench = try Workbench(files, clock: ManualEngineClock(at: noon - .seconds(10)))
        let process = try ExecutingProcess(bench)
        try await process.start()
        await process.advance(by: .seconds(10))
        // What becomes of a run that has parked is done beside; the clock stands still.
        while try await bench.store.parked().count < fires { await process.settle() }
        #expect(try await bench.store.runs(RunQuery(statuses: [.queued], limit: 10_000)).isEmpty)
        await process.advance(by: .seconds(11))
        let query = RunQuery(statuses: [.succeeded], limit: 10_000)
        while try await bench.store.runs(query).count < fires { await process.settle() }
    }
}
