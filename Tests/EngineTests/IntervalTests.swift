import Schedule
import Store
import Testing

@testable import Engine

/// What a run knows of the time that it stands for.
@Suite(.timeLimit(.minutes(1))) struct IntervalTests {
    private let begin = Instant.at("2026-05-04T12:00:00Z")

    @Test func `the last success is the one before, whatever failed since`() async throws {
        let bench = try Workbench(
            [
                "job.yml": """
                trigger: { cron: "* * * * *", end: 2026-05-04T12:03:30Z }
                actions:
                  - log: "${{ run.last_success_at }}"
                  - if: run.scheduled_at == timestamp("2026-05-04T12:02:00Z")
                    fail: broken

                """
            ],
            clock: ManualEngineClock(at: begin)
        )
        let process = try ExecutingProcess(bench)
        try await process.start()
        await process.advance(by: .seconds(240))
        #expect(bench.observer.lines == ["", "2026-05-04T12:01:00Z", "2026-05-04T12:01:00Z"])
    }
}
