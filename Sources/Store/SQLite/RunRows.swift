import Synchronization

/// The rows of live runs that this process inserted, so that they need not be looked for in an index of all runs.
///
/// Hints only: whoever uses one asks for the run's id as well.
final class RunRows: Sendable {
    private let rows = Mutex<[RunID: Int64]>([:])

    /// So many are kept: more than run at once, while runs that wait in the store for days are forgotten.
    private static let limit = 24_000

    /// The row of a run; nil when it is not known.
    subscript(run: RunID) -> Int64? { rows.withLock { $0[run] } }

    /// Notes the row of a run that was inserted.
    func note(_ run: RunID, row: Int64) {
        rows.withLock { rows in
            if rows.count >= Self.limit { rows = [:] }
            rows[run] = row
        }
    }

    /// The run is over.
    func forget(_ run: RunID) { rows.withLock { $0[run] = nil } }

    /// After a rollback: rows that were inserted in it do not exist.
    func forgetAll() { rows.withLock { $0 = [:] } }
}
