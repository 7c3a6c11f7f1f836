import CEL
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Store

@Suite struct SQLiteTroubleTests {
    let place: Place

    init() throws { place = try Place() }

    private func open(busyTimeout: Duration = .milliseconds(20)) throws -> SQLiteStore {
        var settings = SQLiteStore.Settings()
        settings.busyTimeout = busyTimeout
        return try SQLiteStore.open(at: place.store, sealer: testSealer, settings: settings)
    }

    private func openAsOtherProcess() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: place.store, configuration: configuration)
    }

    // MARK: Locked

    @Test func `a lock that is not given up fails the call, and the next one works`() async throws {
        let store = try open()
        let other = try openAsOtherProcess()
        try other.execute("BEGIN IMMEDIATE")
        await #expect(throws: StoreError.locked(path: place.store)) { try await store.claimed(fire()) }
        #expect(try await store.runs(RunQuery()).isEmpty)
        try other.execute("ROLLBACK")
        _ = try await store.claimed(fire())
    }

    @Test func `a lock that is given up in time is waited for`() async throws {
        let store = try open(busyTimeout: .seconds(30))
        let other = try openAsOtherProcess()
        try other.execute("BEGIN EXCLUSIVE")
        async let run = store.claimed(fire())
        for _ in 0..<100 { await Task.yield() }
        try other.execute("COMMIT")
        #expect(try await run.status == .running)
    }

    @Test func `a store that another process has for itself cannot be opened, and says so`() throws {
        try open().close()
        let other = try openAsOtherProcess()
        try other.execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT")
        let error = #expect(throws: StoreError.locked(path: place.store)) { try open() }
        #expect(error?.description.contains("locked by another process") == true)
        try other.close()
        _ = try open()
    }

    // MARK: Read-only, full

    @Test func `a database that cannot be written fails the call and keeps what it has`() async throws {
        let store = try open()
        let run = try await store.claimed(fire(at: 1))
        try await store.writer.maintain { try $0.execute(sql: "PRAGMA query_only = 1") }
        await #expect(throws: StoreError.readOnly(path: place.store)) { try await store.claimed(fire(at: 2)) }
        #expect(try await store.runs(RunQuery()) == [run])
        try await store.writer.maintain { try $0.execute(sql: "PRAGMA query_only = 0") }
        _ = try await store.claimed(fire(at: 2))
    }

    @Test func `without space a call fails, small ones still go, and nothing recorded is lost`() async throws {
        let store = try open()
        let run = try await store.claimed(fire(at: 1))
        try await store.writer.maintain { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(pages + 2)")
        }
        let big = Value.string(String(repeating: "x", count: 100_000))
        await #expect(throws: StoreError.full(path: place.store)) {
            try await store.complete(action(run.id, "big", result: big), fence: 1)
        }
        #expect(try await store.checkpoints(of: run.id).isEmpty)
        try await store.complete(action(run.id, "small", result: 1), fence: 1)
        try await store.writer.maintain { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
        try await store.complete(action(run.id, "big", result: big), fence: 1)
        #expect(try await store.checkpoints(of: run.id).map(\.path) == ["big", "small"])
    }

    @Test func `of many at once only what has no space fails`() async throws {
        let store = try open()
        let run = try await store.claimed(fire(at: 1))
        try await store.writer.maintain { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(pages + 10)")
        }
        let big = Value.string(String(repeating: "x", count: 200_000))
        let failed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let result = number == 20 ? big : 1
                    do {
                        try await store.complete(action(run.id, "a\(number)", result: result), fence: 1)
                        return false
                    } catch StoreError.full {
                        return number == 20
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failed == 1)
        #expect(try await store.checkpoints(of: run.id).count == 39)
    }

    // MARK: Groups

    @Test func `many calls that wait share commits`() async throws {
        let store = try open()
        let run = try await store.claimed(fire())
        let counter = CommitCounter()
        try await store.writer.maintain { $0.add(transactionObserver: counter, extent: .databaseLifetime) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<2000 {
                group.addTask { try await store.complete(action(run.id, "a\(number)", result: 1), fence: 1) }
            }
            try await group.waitForAll()
        }
        #expect(try await store.checkpoints(of: run.id).count == 2000)
        #expect(counter.commits < 1000)
    }

    @Test func `a call that is fenced does not disturb those beside it`() async throws {
        let store = try open()
        let run = try await store.claimed(fire())
        let fenced = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do {
                        try await store.complete(action(run.id, "a\(number)"), fence: number.isMultiple(of: 2) ? 1 : 9)
                        return false
                    } catch StoreError.fenced(run.id) {
                        return true
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(fenced == 100)
        #expect(try await store.checkpoints(of: run.id).count == 100)
    }

    @Test func `a commit that fails undoes what it should have committed, and the next one works`() async throws {
        let store = try open()
        await #expect(throws: StoreError.self) {
            try await store.writer.write { session in
                // A reference to no run, which SQLite is told to look at only when it commits.
                try session.database.execute(
                    sql: """
                        PRAGMA defer_foreign_keys = ON;
                        INSERT INTO action (run, path, item, status, attempts, started_at) VALUES (77, 'x', '', 'started', 1, 0);
                        INSERT INTO meta (name, value) VALUES ('a', 'b');
                        """
                )
            }
        }
        let rows = try await store.writer.maintain {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM meta WHERE name = 'a'")
        }
        #expect(rows == 0)
        _ = try await store.claimed(fire())
    }

    @Test func `names that were made in a transaction that was undone are made again`() async throws {
        let store = try open()
        await #expect(throws: StoreError.self) {
            try await store.writer.write { session in
                _ = try session.names.keys(of: TriggerKey(recipe: "sync", trigger: "cron"), in: session.database)
                try session.database.execute(sql: "INSERT INTO run (id) VALUES ('x')")
            }
        }
        _ = try await store.claimed(fire("first"))
        let run = try await store.claimed(fire())
        #expect(try await store.runs(RunQuery(recipe: "sync")) == [run])
    }

    @Test func `cancelling the caller does not stop its write`() async throws {
        let store = try open()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.setState(5, of: "sync")
            return try await store.state(of: "sync")
        }
        #expect(try await task.value == MarkedValue(5))
    }

    @Test func `no stored value is part of an error`() async throws {
        let store = try open()
        let error = await #expect(throws: StoreError.self) {
            try await store.writer.write { session in
                try session.database.execute(
                    sql: "INSERT INTO meta (name, value) VALUES ('key fingerprint', ?)",
                    arguments: ["a-bound-secret"]
                )
            }
        }
        #expect(error?.description.contains("UNIQUE constraint failed") == true)
        #expect(error?.description.contains("a-bound-secret") == false)
    }
}

extension DatabaseQueue {
    /// Leaves open what transaction it opens.
    fileprivate func execute(_ sql: String) throws {
        try unsafeReentrantWrite { try $0.execute(sql: sql) }
    }
}

private final class CommitCounter: TransactionObserver, Sendable {
    private let count = Mutex(0)

    var commits: Int { count.withLock { $0 } }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ database: Database) { count.withLock { $0 += 1 } }
    func databaseDidRollback(_ database: Database) {}
}
