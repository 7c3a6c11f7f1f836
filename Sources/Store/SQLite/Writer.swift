import GRDB
import Glibc
import Synchronization

/// The one writer of a store: what waits is done in one transaction, and one commit (one fsync) makes all of it durable.
///
/// An operation checks before it writes, and throws `StoreError` for a failure of its own (fenced) while it has written nothing: the others go on. Any other
/// error undoes the group, whose operations are then done one by one, so that it hits only the one that causes it.
final class Writer: Sendable {
    /// What an operation works with.
    struct Session {
        let database: Database
        let names: Names
        let rows: RunRows
        fileprivate let statements: HotStatements

        /// A statement that each run needs; others go through `database`.
        func hot(_ sql: StaticString) throws -> HotStatement { try statements.statement(sql, in: database) }
    }

    private struct Operation: Sendable {
        /// Does the work, and gives what tells the caller once it is durable.
        let perform: @Sendable (Session) throws -> @Sendable () -> Void
        let fail: @Sendable (StoreError) -> Void
    }

    private struct Waiting {
        var operations: [Operation] = []
        var isScheduled = false
    }

    let path: String
    private let queue: DatabaseQueue
    private let names = Names()
    private let rows = RunRows()
    private let statements = HotStatements()
    private let waiting = Mutex(Waiting())

    /// Bounds how long the first of a group waits for the last, and how long another process must wait for its turn.
    private static let largestGroup = 1024
    /// While many write, one commit right after another, a group of fewer than `enough` operations waits for more, so many microseconds.
    ///
    /// A commit costs the processor as much as a dozen rows; PostgreSQL has `commit_delay` and `commit_siblings` for the same. Who writes alone never waits.
    private static let gathering = (microseconds: UInt32(500), after: 6, enough: 32)

    init(_ queue: DatabaseQueue, path: String) {
        self.queue = queue
        self.path = path
    }

    /// Whether something is being written, or somebody waits for that.
    var isBusy: Bool { waiting.withLock(\.isScheduled) }

    /// Does `body` in a transaction, perhaps shared with others, and returns when that is durable.
    ///
    /// Not stopped by cancellation.
    func write<Answer: Sendable>(
        _ body: @escaping @Sendable (Session) throws -> Answer
    ) async throws(StoreError) -> Answer {
        let result: Result<Answer, StoreError> = await withCheckedContinuation { continuation in
            enqueue(
                Operation(
                    perform: { session in
                        do {
                            let answer = try body(session)
                            return { continuation.resume(returning: .success(answer)) }
                        } catch let error as StoreError {
                            return { continuation.resume(returning: .failure(error)) }
                        }
                    },
                    fail: { continuation.resume(returning: .failure($0)) }
                )
            )
        }
        return try result.get()
    }

    /// Does `body` between two groups, outside a transaction: vacuum, checkpoint.
    func maintain<Answer: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Answer
    ) async throws(StoreError) -> Answer {
        let path = path
        let result: Result<Answer, StoreError> = await withCheckedContinuation { continuation in
            queue.asyncWriteWithoutTransaction { database in
                do {
                    continuation.resume(returning: .success(try body(database)))
                } catch {
                    continuation.resume(returning: .failure(StoreError(error, path: path)))
                }
            }
        }
        return try result.get()
    }

    /// Closes the connection.
    func close() throws {
        queue.writeWithoutTransaction { _ in statements.removeAll() }
        try queue.close()
    }

    private func enqueue(_ operation: Operation) {
        let mustSchedule = waiting.withLock { waiting in
            waiting.operations.append(operation)
            defer { waiting.isScheduled = true }
            return !waiting.isScheduled
        }
        if mustSchedule { schedule() }
    }

    /// - Parameter last: operations of the group that has just been written.
    private func schedule(after last: Int = 0) {
        // Scheduled anew for each group, so that reads and maintenance that share the connection get their turn.
        queue.asyncWriteWithoutTransaction { database in
            self.gather(after: last)
            let group = self.waiting.withLock { waiting in
                let group = Array(waiting.operations.prefix(Self.largestGroup))
                waiting.operations.removeFirst(group.count)
                return group
            }
            self.perform(group, in: database)
            let mustSchedule = self.waiting.withLock { waiting in
                waiting.isScheduled = !waiting.operations.isEmpty
                return waiting.isScheduled
            }
            if mustSchedule { self.schedule(after: group.count) }
        }
    }

    private func gather(after last: Int) {
        guard last >= Self.gathering.after else { return }
        let count = waiting.withLock(\.operations.count)
        // Proof that `usleep` may block here: it is called in a block of the connection's own serial queue alone (`schedule`), which is no thread of Swift's
        // pool, and holds no lock and no transaction. Half a millisecond, below the second that POSIX allows, once a group: who waits for the queue, another
        // group or `maintain`, waits no longer than a commit takes.
        if count < Self.gathering.enough { usleep(Self.gathering.microseconds) }
    }

    private func perform(_ group: [Operation], in database: Database) {
        let session = Session(database: database, names: names, rows: rows, statements: statements)
        var answers: [@Sendable () -> Void] = []
        answers.reserveCapacity(group.count)
        var isPerforming = false
        do {
            try database.inTransaction(.immediate) {
                isPerforming = true
                for operation in group { answers.append(try operation.perform(session)) }
                isPerforming = false
                return .commit
            }
        } catch {
            names.forget()
            rows.forgetAll()
            if isPerforming, group.count > 1 {
                for operation in group { perform([operation], in: database) }
            } else {
                let error = StoreError(error, path: path)
                for operation in group { operation.fail(error) }
            }
            return
        }
        for answer in answers { answer() }
    }
}
