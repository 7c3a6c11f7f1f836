import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// More fires at noon than there are slots, which are 64.
///
/// Ends are looked at some at a time, and for fewer than 16 slots nobody waits: how many of 64 are taken again at once is between 49 and all.
@Suite(.timeLimit(.minutes(2))) struct PacingTests {
    private let noon = Instant.at("2026-05-04T12:00:00Z")

    /// A process that has reached noon.
    private func processAtNoon(
        _ trigger: String = "cron: '0 12 * * *'",
        fires: Int = 192,
        runs: Duration
    ) async throws -> SchedulerProcess {
        var files = ["runner.yml": "max_concurrent_runs: 64\n"]
        for number in 0..<fires {
            files["job\(number).yml"] = "trigger: { \(trigger) }\nactions: [{ log: hello }]\n"
        }
        let clock = ManualEngineClock(at: noon - .seconds(10))
        let process = SchedulerProcess(try Workbench(files, clock: clock), clock: clock, length: { _ in runs })
        try await process.start()
        await process.advance(by: .seconds(10))
        return process
    }

    private func count(_ statuses: RunStatus..., in process: SchedulerProcess) async throws -> Int {
        try await process.bench.store.runs(RunQuery(limit: 10_000)).count { statuses.contains($0.status) }
    }

    @Test func `while runs end soon, fires wait for their slots, and none in the store`() async throws {
        let process = try await processAtNoon(runs: .milliseconds(10))
        #expect(try await count(.running, in: process) == 64)
        #expect(try await count(.queued, in: process) == 0)
        await process.advance(by: .milliseconds(10))
        #expect(try await count(.succeeded, in: process) == 64)
        #expect(try await count(.running, in: process) > 48)
        #expect(try await count(.queued, in: process) == 0)
        await process.advance(by: .milliseconds(10))
        #expect(try await count(.queued, in: process) < 16)
        await process.advance(by: .milliseconds(20))
        #expect(try await count(.succeeded, in: process) == 192)
    }

    @Test func `when none ends, they are recorded and wait there`() async throws {
        let process = try await processAtNoon(runs: .seconds(10))
        await process.advance(by: .milliseconds(99))
        #expect(try await count(.running, .queued, in: process) == 64)
        await process.advance(by: .milliseconds(1))
        #expect(try await count(.running, in: process) == 64)
        #expect(try await count(.queued, in: process) == 128)
        await process.advance(by: .seconds(40))
        #expect(try await count(.succeeded, in: process) == 192)
    }

    @Test func `they wait for two seconds and no longer, while some end all the time`() async throws {
        let process = try await processAtNoon(fires: 1_600, runs: .milliseconds(90))
        await process.advance(by: .milliseconds(1_975))
        #expect(try await count(.running, in: process) > 48)
        #expect(try await count(.queued, in: process) == 0)
        await process.advance(by: .milliseconds(100))
        #expect(try await count(.running, in: process) == 64)
        #expect(try await count(.running, .queued, .succeeded, in: process) == 1_600)
    }

    @Test func `one that has waited longer than its start deadline is missed`() async throws {
        let process = try await processAtNoon("cron: '0 12 * * *', start_deadline: 15ms", runs: .milliseconds(10))
        await process.advance(by: .seconds(1))
        let served = try await count(.succeeded, in: process)
        #expect((113...128).contains(served))
        #expect(try await count(.missed, in: process) == 192 - served)
        let missed = try await process.bench.store.runs(RunQuery(statuses: [.missed], limit: 1)).first
        #expect(missed?.reason == "too late: not started within its start_deadline of 15ms")
    }

    @Test func `a process that stops does not wait for slots`() async throws {
        let process = try await processAtNoon(runs: .milliseconds(10))
        let stop = Task { await process.scheduler.stop(grace: .seconds(5)) }
        while !(await process.scheduler.isStopping) { await Task.yield() }
        await process.advance(by: .seconds(1))
        await stop.value
        let left = try await process.bench.store.runs(RunQuery(limit: 1_000))
        #expect(left.allSatisfy { $0.status == .succeeded || $0.status == .queued && $0.node == nil })
    }
}
