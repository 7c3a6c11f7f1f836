import Recipe
import Schedule
import Store
import Testing

@testable import Engine

/// What becomes of records that are older than `history.keep`.
@Suite(.timeLimit(.minutes(2))) struct HistoryTests {
    @Test func `a process removes history that is too old, and only that`() async throws {
        let begin = Instant.at("2026-05-04T12:00:00Z")
        let clock = ManualEngineClock(at: begin)
        let files = [
            "runner.yml": "timezone: UTC\nhistory: { keep: 3d }\n",
            "job.yml": "trigger: { id: t, cron: '0 0 * * *' }\nactions: [{ log: hello }]\n",
        ]
        let bench = try Workbench(files, clock: clock)
        let process = SchedulerProcess(bench, clock: clock)
        try await process.start()
        await process.advance(by: .seconds(2 * 86_400))
        await process.scheduler.pruning?.value
        #expect(try await bench.store.runs(RunQuery()).count == 2)

        await process.advance(by: .seconds(8 * 86_400))
        await process.scheduler.pruning?.value
        // One that was at work when the next was due is enough: the last must be one that began in time.
        await process.advance(by: .seconds(6 * 3_600))
        await process.scheduler.pruning?.value
        let times = try await bench.store.runs(RunQuery()).map(\.fire.scheduledAt)
        // Looked at every six hours: of ten fires those of the last three days, and at most a quarter of a day more.
        #expect(times == [14, 13, 12].map { Instant.at("2026-05-\($0)T00:00:00Z") })
        // What is gone stays accounted for.
        let trigger = try #require(try await bench.store.triggers().first)
        #expect(trigger.watermark == Instant.at("2026-05-11T00:00:00Z"))
    }
}
