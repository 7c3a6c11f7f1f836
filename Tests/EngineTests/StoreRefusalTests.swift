import GRDB
import Recipe
import Schedule
import Testing

@testable import Engine
@testable import Store

/// A store that refuses for a while, as on a full disk: what has ended meanwhile is recorded as soon as it takes it.
@Suite(.timeLimit(.minutes(2))) struct StoreRefusalTests {
    private let begin = Instant.at("2026-05-04T12:00:00Z")
    private let store: SQLiteStore

    init() throws { store = try SQLiteStore.inMemory() }

    private func process(_ actions: String, _ output: String = "") throws -> ExecutingProcess {
        // So much text does not fit into the pages that there are.
        let text = String(repeating: "x", count: 100_000)
        let recipe = "trigger: { cron: '* * * * *' }\nvars: { text: '\(text)' }\nactions: [\(actions)]\n\(output)\n"
        return try ExecutingProcess(
            Workbench(["job.yml": recipe], clock: ManualEngineClock(at: begin), store: store)
        )
    }

    private func fill() async throws {
        try await store.writer.maintain { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
    }

    private func free() async throws {
        try await store.writer.maintain { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    }

    private func statuses() async throws -> [RunStatus] {
        try await store.runs(RunQuery(limit: 100)).reversed().map(\.status)
    }

    @Test func `the end of a run is recorded when there is space again, and its recipe goes on`() async throws {
        let process = try process("{ wait: 500ms }", "output: ${{ vars.text }}")
        try await process.start()
        await process.advance(by: .milliseconds(60_200))
        try await fill()
        await process.advance(by: .seconds(5))
        #expect(try await statuses() == [.running])
        #expect(await process.scheduler.running.count == 1)
        try await free()
        await process.advance(by: .seconds(2))
        #expect(try await statuses() == [.succeeded])
        let run = try #require(try await store.runs(RunQuery(limit: 1)).first)
        #expect(run.finishedAt == begin + .milliseconds(60_500))
        await process.advance(by: .seconds(60))
        #expect(try await statuses() == [.succeeded, .succeeded])
    }

    @Test func `a run whose action could not be recorded ends, and its recipe goes on`() async throws {
        let process = try process("{ wait: 500ms }, { id: keep, set: { a: '${{ vars.text }}' } }, { wait: 2s }")
        try await process.start()
        await process.advance(by: .milliseconds(60_200))
        try await fill()
        await process.advance(by: .seconds(10))
        try await free()
        await process.advance(by: .seconds(5))
        #expect(try await statuses().count == 1)
        #expect(try await statuses() != [.running])
        await process.advance(by: .seconds(60))
        #expect(try await statuses().last == .succeeded)
    }

    @Test(arguments: [false, true])
    func `a process that stops does not wait for the store longer than for runs`(_ isCancelled: Bool) async throws {
        let process = try process("{ wait: 500ms }", "output: ${{ vars.text }}")
        try await process.start()
        await process.advance(by: .milliseconds(60_200))
        try await fill()
        await process.advance(by: .seconds(5))
        // The first reason counts for the run, and the process stops all the same.
        if isCancelled { await process.scheduler.running.values.first?.cancel(.person) }
        async let stopped: Void = process.scheduler.stop(grace: .seconds(5))
        while !(await process.scheduler.isStopping) { await Task.yield() }
        await process.advance(by: .seconds(7))
        await stopped
        #expect(try await statuses() == [.running])
        try await store.unregister(process.node)
        try await free()
        let next = try ExecutingProcess(process.bench)
        next.clock.step(by: .seconds(1))
        try await next.start()
        await next.advance(by: .seconds(2))
        #expect(try await statuses().first == .succeeded)
    }
}
