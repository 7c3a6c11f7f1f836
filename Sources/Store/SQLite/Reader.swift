import GRDB
import Synchronization

/// Reads one consistent state at a time, beside the writer (WAL).
///
/// The first few reads share the writer's connection, so that a short command never pays for a second one; then it is opened. A database in memory has only
/// the one.
final class Reader: Sendable {
    private struct State {
        var own: DatabaseQueue?
        var sharedReads = 0
    }

    private let path: String
    private let shared: DatabaseQueue
    private let open: (@Sendable () throws -> DatabaseQueue)?
    private let state = Mutex(State())

    /// As many as a single run makes.
    private static let mostSharedReads = 16

    /// - Parameter open: opens a connection of the reader's own; nil: the writer's is the only one.
    init(path: String, sharing queue: DatabaseQueue, open: (@Sendable () throws -> DatabaseQueue)?) {
        self.path = path
        self.shared = queue
        self.open = open
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
        guard let open else { return shared }
        do {
            return try state.withLock { state in
                if let own = state.own { return own }
                if state.sharedReads < Self.mostSharedReads {
                    state.sharedReads += 1
                    return shared
                }
                let own = try open()
                state.own = own
                return own
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Closes the reader's own connection, if there is one.
    func close() throws {
        try state.withLock { state in
            try state.own?.close()
            state.own = nil
        }
    }
}
