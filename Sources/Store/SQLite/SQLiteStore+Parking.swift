import Foundation
import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/park(_:fence:)``.
    public func park(_ parking: Parking, fence: Int64) async throws(StoreError) -> Instant {
        let rows = try await rows(of: parking.actions)
        return try await writer.write { session in
            let database = session.database
            let key = try Self.heldRun(parking.run, fence: fence, session)
            try Self.write(rows, run: key, session)
            // Who asked for its end a moment ago is not kept waiting.
            let park = """
                UPDATE run SET resume_at = iif(cancel IS NULL, ?, 0), spent = ?, lateness = coalesce(?, lateness), reason = ? WHERE key = ?
                """
            try database.cachedStatement(sql: park).execute(arguments: [
                parking.until.microseconds, parking.spent.wholeMicroseconds, parking.lateness?.wholeMicroseconds,
                "waiting until \(parking.until.rfc3339())", key,
            ])
            let select = try database.cachedStatement(sql: "SELECT resume_at FROM run WHERE key = ?")
            return try Int64.fetchOne(select, arguments: [key]).map(Instant.init(microseconds:)) ?? parking.until
        }
    }

    /// See ``Store/takeParked(due:limit:node:)``.
    public func takeParked(due now: Instant, limit: Int, node: NodeID) async throws(StoreError) -> [ResumedRun] {
        // A look costs no commit, and several nodes may have the same alarm.
        guard let next = try await nextParked(), next <= now else { return [] }
        let rows: [(RunRecord, Data?)] = try await writer.write { session in
            let database = session.database
            let due = try database.cachedStatement(
                sql: "SELECT key FROM run INDEXED BY run_parked WHERE resume_at <= ? ORDER BY resume_at LIMIT ?"
            )
            let keys = try Int64.fetchAll(due, arguments: [now.microseconds, limit])
            let take = try database.cachedStatement(
                sql: "UPDATE run SET resume_at = NULL, reason = NULL, node = ?, fence = fence + 1 WHERE key = ?"
            )
            let select = try database.cachedStatement(
                sql: "\(RunRow.select(from: "run", adding: ["run.inputs"])) WHERE run.key = ?"
            )
            return try keys.compactMap { key in
                try take.execute(arguments: [node.text, key])
                return try Row.fetchOne(select, arguments: [key]).map { row in
                    (try RunRow.record(row), try row.optional(row.count - 1))
                }
            }
        }
        var resumed: [ResumedRun] = []
        resumed.reserveCapacity(rows.count)
        for (run, inputs) in rows { resumed.append(ResumedRun(run: run, inputs: try opened(inputs, .inputs(run.id)))) }
        return resumed
    }

    /// See ``Store/parked()``.
    public func parked() async throws(StoreError) -> [ParkedRun] {
        try await reader.read { database in
            let select = """
                SELECT run.id, recipe.name, run.resume_at FROM run INDEXED BY run_parked JOIN recipe ON recipe.key = run.recipe
                WHERE run.resume_at IS NOT NULL ORDER BY run.resume_at
                """
            return try Row.fetchAll(database.cachedStatement(sql: select)).map { row in
                ParkedRun(
                    run: RunID(stored: try row.required(0)),
                    recipe: try row.required(1),
                    until: try row.instant(2)
                )
            }
        }
    }

    /// See ``Store/nextParked()``.
    public func nextParked() async throws(StoreError) -> Instant? {
        try await reader.read { database in
            let select = "SELECT min(resume_at) FROM run INDEXED BY run_parked WHERE resume_at IS NOT NULL"
            return try Int64.fetchOne(database.cachedStatement(sql: select)).map(Instant.init(microseconds:))
        }
    }
}
