import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/cancel(_:reason:now:isAlive:)``.
    public func cancel(
        _ run: RunID,
        reason: String,
        now: Instant,
        isAlive: @escaping @Sendable (NodeRecord) -> Bool
    ) async throws(StoreError) -> CancelOutcome? {
        try await writer.write { session in
            let database = session.database
            let select = try database.cachedStatement(
                sql: "\(RunRow.select(from: "run", adding: ["run.resume_at IS NOT NULL"])) WHERE run.id = ?"
            )
            guard let row = try Row.fetchOne(select, arguments: [run.text]) else { return nil }
            let record = try RunRow.record(row)
            switch record.status {
            case .queued, .interrupted: break
            case .running:
                let isParked: Bool = try row.required(row.count - 1)
                let nodes = try Self.nodes(in: database).filter(isAlive)
                // A dead node's run is taken up by a living scheduler, which ends it properly.
                let isHeld = nodes.contains { $0.id == record.node || $0.role == .scheduler }
                guard !isParked, !isHeld else {
                    try Self.requestCancel(of: run, reason, database)
                    return isParked ? .parked(record) : .requested(record)
                }
            case .succeeded, .failed, .timedOut, .cancelled, .skipped, .missed, .paused: return .over(record)
            }
            // The raised fence tells a node that lets it wait.
            let end = """
                UPDATE run SET status = 'cancelled', reason = ?, finished_at = ?, node = NULL, fence = fence + 1 WHERE id = ?
                """
            try database.cachedStatement(sql: end).execute(arguments: [reason, now.microseconds, run.text])
            var ended = record
            (ended.status, ended.reason, ended.finishedAt, ended.node) = (.cancelled, reason, now, nil)
            ended.fence += 1
            return .cancelled(ended)
        }
    }

    /// Asks whoever holds a run to cancel it; a parked one is due at once.
    static func requestCancel(of run: RunID, _ reason: String, _ database: Database) throws {
        let request = "UPDATE run SET cancel = ?, resume_at = min(resume_at, 0) WHERE id = ? AND cancel IS NULL"
        try database.cachedStatement(sql: request).execute(arguments: [reason, run.text])
    }

    /// See ``Store/reopen(_:)``.
    public func reopen(_ reopening: Reopening) async throws(StoreError) -> RunRecord? {
        try await writer.write { session in
            let database = session.database
            let update = """
                UPDATE run SET status = 'running', started_at = ifnull(started_at, ?), finished_at = NULL, reason = NULL, error = NULL, output = NULL,
                    cancel = NULL, resume_at = NULL, spent = NULL, attempt = attempt + 1, fence = fence + 1, node = ?
                WHERE id = ? AND fence = ? AND status IN ('running', 'interrupted', 'failed', 'timed_out', 'cancelled')
                """
            try database.cachedStatement(sql: update).execute(arguments: [
                reopening.now.microseconds, reopening.node.text, reopening.run.text, reopening.fence,
            ])
            guard database.changesCount > 0 else { return nil }
            let forget = try database.cachedStatement(
                sql: "DELETE FROM action WHERE run = (SELECT key FROM run WHERE id = ?) AND path = ? AND item = ?"
            )
            for action in reopening.forgotten {
                try forget.execute(arguments: [reopening.run.text, action.path, action.index])
            }
            let statement = try database.cachedStatement(sql: "\(RunRow.select) WHERE run.id = ?")
            return try Row.fetchOne(statement, arguments: [reopening.run.text]).map(RunRow.record)
        }
    }
}
