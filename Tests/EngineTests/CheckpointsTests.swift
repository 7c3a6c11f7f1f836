import CEL
import Connections
import Foundation
import GRDB
import Schedule
import Testing

@testable import Engine
@testable import Store

/// What a run has done and not yet made durable.
@Suite(.timeLimit(.minutes(1))) struct CheckpointsTests {
    @Test func `marks are complete until a secret is learnt, or where nothing waits`() throws {
        let redactor = Redactor()
        let store = try SQLiteStore.inMemory()
        let checkpoints = Checkpoints(store: store, redactor: redactor, fence: 1, done: [])
        #expect(!checkpoints.areMarksComplete)
        redactor.add("secret-1")
        let record = record(of: RunID(), result: ["body": "secret-1, secret-2"])
        checkpoints.add(record)
        #expect(checkpoints.areMarksComplete)
        redactor.add("secret-1")
        #expect(checkpoints.areMarksComplete)
        redactor.add("secret-2")
        checkpoints.add(record)
        #expect(!checkpoints.areMarksComplete)
        #expect(checkpoints.takeWaiting().map(\.secrets) == [["secret-1"], ["secret-1", "secret-2"]])
        checkpoints.add(record)
        #expect(checkpoints.areMarksComplete)
    }

    // MARK: Records that become durable soon

    @Test func `what is added becomes durable without anybody asking, also after a pause`() async throws {
        let stored = try await Stored()
        for number in 0..<20 { try await stored.checkpoints.keep(record(of: stored.run, number), .soon) }
        while try await stored.indexes().count < 20 { await Task.yield() }
        // The pause after so many is over, or not.
        try await stored.checkpoints.keep(record(of: stored.run, 20), .soon)
        while try await stored.indexes().count < 21 { await Task.yield() }
        #expect(stored.checkpoints.takeWaiting().isEmpty)
    }

    @Test func `a flush ends when all that was added before is durable, whoever writes it`() async throws {
        let stored = try await Stored()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for round in 0..<100 {
                        let number = worker * 100 + round
                        try await stored.checkpoints.keep(record(of: stored.run, number), .soon)
                        guard round.isMultiple(of: 3) else { continue }
                        // Another may have begun to write it.
                        for _ in 0..<round % 4 { await Task.yield() }
                        try await stored.checkpoints.flush()
                        #expect(try await stored.indexes().contains(String(number)))
                    }
                }
            }
            try await group.waitForAll()
        }
        try await stored.checkpoints.flush()
        #expect(try await stored.indexes().count == 400)
        #expect(stored.checkpoints.takeWaiting().isEmpty)
    }

    @Test func `what is durable at once is not so before what it was made from`() async throws {
        let stored = try await Stored()
        for number in 0..<100 {
            try await stored.checkpoints.keep(record(of: stored.run, number), .soon)
            for _ in 0..<number % 4 { await Task.yield() }
            try await stored.checkpoints.keep(record(of: stored.run, number, path: "post"), .atOnce)
            let durable = try await stored.store.checkpoints(of: stored.run).filter { $0.index == String(number) }
            #expect(Set(durable.map(\.path)) == ["get", "post"])
        }
    }

    @Test func `the end of the run takes what could not be written`() async throws {
        let stored = try await Stored()
        try await stored.fill()
        let text = Value.string(String(repeating: "x", count: 100_000))
        for number in 0..<20 { try? await stored.checkpoints.keep(record(of: stored.run, number, result: text), .soon) }
        await #expect(throws: Exit.self) { try await stored.checkpoints.settle() }
        #expect(stored.checkpoints.takeWaiting().count == 20)
        try await stored.free()
        try await stored.checkpoints.settle()
        #expect(try await stored.indexes() == [])
    }

    @Test func `what the store refuses is said, and goes with the next attempt`() async throws {
        let stored = try await Stored()
        try await stored.fill()
        let text = Value.string(String(repeating: "x", count: 100_000))
        var failures = 0
        var number = 0
        // The first of them is only told of what came before it.
        while failures < 3 {
            do throws(Exit) {
                try await stored.checkpoints.keep(record(of: stored.run, number, result: text), .soon)
            } catch {
                failures += 1
            }
            number += 1
        }
        for _ in 0..<10 {
            try? await stored.checkpoints.keep(record(of: stored.run, number, result: text), .soon)
            number += 1
            // Whoever is writing the others meanwhile.
            stored.checkpoints.add(record(of: stored.run, number, result: 1))
            number += 1
            await #expect(throws: Exit.self) { try await stored.checkpoints.flush() }
        }
        await #expect(throws: Exit.self) { try await stored.checkpoints.settle() }
        #expect(try await stored.indexes() == [])
        try await stored.free()
        try await stored.checkpoints.settle()
        #expect(try await stored.indexes() == Set((0..<number).map(String.init)))
    }

    @Test func `who is fenced is told so`() async throws {
        let stored = try await Stored(fence: 7)
        try await stored.checkpoints.keep(record(of: stored.run, 0), .soon)
        await #expect(throws: Exit.self) { try await stored.checkpoints.flush() }
        #expect(try await stored.indexes() == [])
    }

    @Test func `what is replaced does not come back from what is being written`() async throws {
        let stored = try await Stored()
        // To seal it takes so long that the scribe is often at it when the page is replaced.
        let text = Value.string(String(repeating: "x", count: 100_000))
        for page in 0..<100 {
            var inner = record(of: stored.run, result: text)
            inner.index = "\(page).0"
            try await stored.checkpoints.keep(inner, .soon)
            for _ in 0..<page % 20 { await Task.yield() }
            try await stored.checkpoints.replace(
                InnerActions(paths: ["get"], index: String(page)),
                by: record(of: stored.run, page, path: "page")
            )
        }
        try await stored.checkpoints.flush()
        #expect(try await stored.store.checkpoints(of: stored.run).map(\.path) == Array(repeating: "page", count: 100))
    }
}

private func record(
    of run: RunID,
    _ number: Int = 0,
    path: String = "get",
    result: Value = ["body": "text"]
) -> ActionRecord {
    ActionRecord(
        run: run,
        path: path,
        index: String(number),
        status: .succeeded,
        result: result,
        startedAt: .init(seconds: 0)
    )
}

/// The checkpoints of a run in a store on the disk, where what one task writes another reads only when it is durable.
private final class Stored: Sendable {
    let store: SQLiteStore
    let checkpoints: Checkpoints
    let run: RunID
    private let directory: String

    init(fence: Int64 = 1) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "checkpoints-\(UUID().uuidString)").path
        store = try SQLiteStore.open(at: directory + "/runner.db", sealer: Sealer(SealingKey()))
        let fire = FireKey(recipe: "job", trigger: "cron", scheduledAt: .init(seconds: 100))
        let record = RunRecord(fire: fire, status: .running, startedAt: fire.scheduledAt, node: NodeID(), version: "v")
        _ = try await store.claim([ClaimRequest(run: record, overlap: .allow)])
        run = record.id
        checkpoints = Checkpoints(store: store, redactor: Redactor(), fence: fence, done: [])
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func indexes() async throws -> Set<String> { Set(try await store.checkpoints(of: run).map(\.index)) }

    /// Lets the store hold no page more.
    func fill() async throws {
        try await store.writer.maintain { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
    }

    func free() async throws {
        try await store.writer.maintain { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    }
}
