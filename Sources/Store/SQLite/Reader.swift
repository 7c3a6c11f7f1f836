import GRDB
import Synchronization

/// Reads beside the writer (WAL), on a connection of its own that is opened by the first read.
final class Reader: Sendable {
    private let path: String
    private let open: @Sendable () throws -> DatabaseQueue
    private let queue: Mutex<DatabaseQueue?>

    /// - Parameter queue: a connection to share with the writer, which a database in memory must do; nil opens another one when it is needed.
    init(path: String, sharing queue: DatabaseQueue?, open: @escaping @Sendable () throws -> DatabaseQueue) {
        self.path = path
        self.open = open
        self.queue = Mutex(queue)
    }

    /// Reads one consistent state.
    func read<Answer: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Answer
    ) async throws(StoreError) -> Answer {
        let path = path
        let queue = try connection()
        let result: Result<Answer, StoreError> = await withCheckedContinuation { continuation in
            queue.asyncRead { database in
                do {
                    continuation.resume(returning: .success(try body(database.get())))
                } catch {
                    continuation.resume(returning: .failure(StoreError(error, path: path)))
                }
            }
        }
        return try result.get()
    }

    private func connection() throws(StoreError) -> DatabaseQueue {
        do {
            return try queue.withLock { queue in
                if let queue { return queue }
                let opened = try open()
                queue = opened
                return opened
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Closes the connection, if there is one.
    func close() throws {
        try queue.withLock { queue in
            try queue?.close()
            queue = nil
        }
    }
}
