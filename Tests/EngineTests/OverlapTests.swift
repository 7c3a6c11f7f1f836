import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// What becomes of fires while the last run is going, on one node and on two.
@Suite(.timeLimit(.minutes(2))) struct OverlapTests {
    private let begin = Instant.at("2026-05-04T12:00:00Z")

    private func bench(_ trigger: String, _ settings: String = "") throws -> Workbench {
        try Workbench(
            [
                "runner.yml": settings, "job.yml": "trigger: \(trigger)\nactions: [{ log: hello }]\n",
            ],
            clock: ManualEngineClock(at: begin)
        )
    }

    private func process(
        _ bench: Workbench,
        length: @escaping @Sendable (RunOrder) -> Duration
    ) throws -> SchedulerProcess {
        let clock = try #require(bench.clock as? ManualEngineClock)
        return SchedulerProcess(bench, clock: clock, length: length)
    }

    private func records(_ bench: Workbench) async throws -> [RunRecord] {
        try await bench.store.runs(RunQuery(limit: 100_000)).reversed()
    }

    /// Minutes from the beginning.
    private func minutes(_ instants: [Instant?]) -> [Double?] {
        instants.map { $0.map { ($0 - begin) / .seconds(60) } }
    }

    @Test func `queue runs all, one after another, in order`() async throws {
        let bench = try bench("{ cron: '* * * * *', overlap: queue, end: 2026-05-04T12:05:00Z }")
        let process = try process(bench) { _ in .seconds(150) }
        try await process.start()
        await process.advance(by: .seconds(700))
        let records = try await records(bench)
        #expect(records.allSatisfy { $0.status == .succeeded })
        #expect(minutes(records.map(\.fire.scheduledAt)) == [1, 2, 3, 4])
        #expect(minutes(records.map(\.startedAt)) == [1, 3.5, 6, 8.5])
    }

    @Test func `queue_one lets the newest wait`() async throws {
        let bench = try bench("{ cron: '* * * * *', overlap: queue_one, end: 2026-05-04T12:05:00Z }")
        let process = try process(bench) { _ in .seconds(150) }
        try await process.start()
        await process.advance(by: .seconds(700))
        let records = try await records(bench)
        #expect(records.map(\.status) == [.succeeded, .skipped, .succeeded, .succeeded])
        #expect(minutes(records.map(\.startedAt)) == [1, nil, 3.5, 6])
        #expect(records[1].reason == "the fire of 2026-05-04T12:03:00Z took its place (overlap: queue_one)")
        let told = process.observer.events.compactMap { if case .unserved(let run) = $0 { run.id } else { nil } }
        #expect(told == [records[1].id])
    }

    @Test func `cancel ends the run that is going, and starts the new one when it has ended`() async throws {
        let bench = try bench("{ cron: '* * * * *', overlap: cancel, end: 2026-05-04T12:04:00Z }")
        let process = try process(bench) { order in
            .seconds(order.run.fire.scheduledAt == begin + .seconds(180) ? 10 : 90)
        }
        try await process.start()
        await process.advance(by: .seconds(300))
        let records = try await records(bench)
        #expect(records.map(\.status) == [.cancelled, .cancelled, .succeeded])
        #expect(records[0].reason == "cancelled: the fire of 2026-05-04T12:02:00Z took its place (overlap: cancel)")
        #expect(records.allSatisfy { run in run.startedAt.map { $0 - run.fire.scheduledAt < .seconds(2) } ?? false })
    }

    @Test func `what waits is durable, and the next process goes on with it`() async throws {
        let bench = try bench("{ cron: '* * * * *', overlap: queue, catch_up: none, end: 2026-05-04T12:05:00Z }")
        let first = try process(bench) { _ in .seconds(600) }
        try await first.start()
        await first.advance(by: .seconds(250))
        try await first.kill()
        #expect(try await records(bench).map(\.status) == [.running, .queued, .queued, .queued])
        let second = try process(bench) { _ in .seconds(30) }
        try await second.start()
        await second.advance(by: .seconds(200))
        let records = try await records(bench)
        #expect(records.map(\.status) == Array(repeating: .succeeded, count: 4))
        // Only the first had begun.
        #expect(records.map(\.attempt) == [2, 1, 1, 1])
        #expect(second.performer.fireTimes == (1...4).map { begin + .seconds($0 * 60) })
        #expect(second.performer.orders.map(\.terms.beginning) == [.resume, .fresh, .fresh, .fresh])
    }

    @Test func `a process that stops leaves what waits to the others`() async throws {
        let bench = try bench("{ cron: '* * * * *', overlap: queue, end: 2026-05-04T12:03:00Z }")
        let first = try process(bench) { _ in .seconds(100) }
        try await first.start()
        await first.advance(by: .seconds(130))
        async let stopped: Void = first.scheduler.stop(grace: .seconds(60))
        while !(await first.scheduler.isStopping) { await Task.yield() }
        await first.advance(by: .seconds(60))
        await stopped
        let left = try await records(bench)
        #expect(left.map(\.status) == [.succeeded, .queued])
        #expect(left[1].node == nil)
        let second = try process(bench) { _ in .zero }
        try await second.start()
        #expect(try await records(bench).map(\.status) == [.succeeded, .succeeded])
    }

    @Test func `two nodes obey the same rule`() async throws {
        let bench = try bench("{ cron: '* * * * *', overlap: queue, end: 2026-05-04T12:05:00Z }")
        let length: @Sendable (RunOrder) -> Duration = { _ in .seconds(90) }
        let both = [try process(bench, length: length), try process(bench, length: length)]
        for process in both { try await process.start() }
        // The clock is shared: whoever rings claims, and what one ends the other hears of.
        for _ in 0..<60 {
            await both[0].clock.advance(by: .seconds(10)) { for process in both { await process.settle() } }
            for process in both { await process.scheduler.lookAround() }
            for process in both { await process.settle() }
        }
        let records = try await records(bench)
        #expect(records.map(\.status) == Array(repeating: .succeeded, count: 4))
        let spans = records.compactMap { run in run.startedAt.flatMap { start in run.finishedAt.map { (start, $0) } } }
        #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.1 <= $1.0 })
    }

    @Test func `a run of a dead node is in the way no longer than it takes to see it`() async throws {
        let bench = try bench("{ cron: '* * * * *', catch_up: none }")
        let dead = RunRecord(
            fire: FireKey(recipe: "job", trigger: "gone", scheduledAt: begin - .seconds(60)),
            status: .running,
            startedAt: begin,
            node: NodeID("dead")
        )
        let process = try process(bench) { _ in .zero }
        try await process.start()
        _ = try await bench.store.claim([ClaimRequest(run: dead, overlap: .allow)])
        await process.advance(by: .seconds(120))
        let records = try await records(bench)
        #expect(records.map(\.status) == [.succeeded, .skipped, .succeeded])
        #expect(records.map(\.attempt) == [2, 1, 1])
    }

    @Test func `recipes take turns when slots are few`() async throws {
        let bench = try bench(
            "[{ interval: 1s, align: clock, overlap: allow, end: 2026-05-04T12:00:21Z }]",
            "max_concurrent_runs: 1\n"
        )
        for name in ["x", "y"] {
            try bench.write("\(name).yml", "trigger: { cron: '1 * * * *' }\nactions: [{ log: hello }]\n")
        }
        let process = try process(bench) { _ in .seconds(10) }
        try await process.start()
        await process.advance(by: .seconds(90))
        // At 12:01 some fifteen runs of `job` wait; the two others get the next slots but one.
        let order = process.performer.orders.map(\.run.fire.recipe)
        #expect(order.prefix(6) == ["job", "job", "job", "job", "job", "job"])
        #expect(Set(order.dropFirst(6).prefix(4)).isSuperset(of: ["x", "y"]))
        await process.advance(by: .seconds(300))
        let records = try await records(bench)
        #expect(records.count == 22)
        #expect(records.allSatisfy { $0.status == .succeeded })
    }
}
