import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/prune(before:keep:now:)``.
    public func prune(before: Instant, keep: Int?, now: Instant) async throws(StoreError) -> PruneResult {
        let sizeBefore = try await size()
        var result = PruneResult(runs: 0, renewals: 0, bytesFreed: 0)
        // In small transactions, so that claims never wait long behind one.
        let old = "scheduled_at < ?"
        result.runs += try await deleteRuns(where: old, [before.microseconds])
        if let keep {
            for recipe in try await crowdedRecipes(beyond: keep) {
                let surplus = """
                    recipe = ? AND (scheduled_at, id) <= \
                    (SELECT scheduled_at, id FROM run WHERE recipe = ? ORDER BY scheduled_at DESC, id DESC LIMIT 1 OFFSET ?)
                    """
                result.runs += try await deleteRuns(where: surplus, [recipe, recipe, max(0, keep)])
            }
        }
        var deleted: Int
        repeat {
            deleted = try await writer.write { session in
                let delete = "DELETE FROM renewal WHERE key IN (SELECT key FROM renewal WHERE at < ? LIMIT ?)"
                try session.database.cachedStatement(sql: delete).execute(arguments: [before.microseconds, Self.batch])
                return session.database.changesCount
            }
            result.renewals += deleted
        } while deleted == Self.batch && !Task.isCancelled
        try await writer.write { session in
            let delete = "DELETE FROM pause WHERE until < ?"
            try session.database.cachedStatement(sql: delete).execute(arguments: [before.microseconds])
        }
        try await pruneItems(now: now)
        try await removeForgottenFiles()
        try await vacuum()
        result.bytesFreed = max(0, sizeBefore - (try await size()))
        return result
    }

    private static let batch = 500

    /// Deletes ended runs that fulfil a condition, oldest first.
    ///
    /// Their fires can never be claimed again.
    private func deleteRuns(where condition: String, _ arguments: StatementArguments) async throws(StoreError) -> Int {
        var total = 0
        var deleted: Int
        repeat {
            let runs = try await writer.write { session in
                let database = session.database
                let select = """
                    SELECT key, id, trigger, max(scheduled_at, ifnull(missed_until, scheduled_at)) AS until FROM run
                    WHERE \(condition) AND status NOT IN ('queued', 'running') ORDER BY scheduled_at LIMIT \(Self.batch)
                    """
                let rows = try Row.fetchAll(database.cachedStatement(sql: select), arguments: arguments)
                for row in rows {
                    let (key, trigger, until): (Int64, Int64, Int64) = (
                        try row.required("key"), try row.required("trigger"), try row.required("until")
                    )
                    let mark = "UPDATE trigger SET pruned_until = ? WHERE key = ? AND ifnull(pruned_until < ?, 1)"
                    try database.cachedStatement(sql: mark).execute(arguments: [until, trigger, until])
                    try database.cachedStatement(sql: "DELETE FROM run WHERE key = ?").execute(arguments: [key])
                }
                return try rows.map { RunID(stored: try $0.required("id")) }
            }
            // A crash before this leaves files that nothing names; no row ever names files that are gone.
            spilled?.remove(runs)
            deleted = runs.count
            total += deleted
        } while deleted == Self.batch && !Task.isCancelled
        return total
    }

    /// Removes the files of runs that are gone: a crash came between the end of the one and that of the other.
    private func removeForgottenFiles() async throws(StoreError) {
        // A run has its row before it has files.
        var rest = (spilled?.runs() ?? [])[...]
        while !rest.isEmpty, !Task.isCancelled {
            let part = Array(rest.prefix(Self.batch))
            rest = rest.dropFirst(part.count)
            let known = try await reader.read { database in
                try String.fetchSet(
                    database,
                    sql: "SELECT id FROM run WHERE id IN (\(databaseQuestionMarks(count: part.count)))",
                    arguments: StatementArguments(part.map(\.text))
                )
            }
            spilled?.remove(part.filter { !known.contains($0.text) })
        }
    }

    /// Forgets items whose time is over, and claims of runs that have ended.
    private func pruneItems(now: Instant) async throws(StoreError) {
        let over = "until <= ?"
        let left =
            "until IS NULL AND ? AND run NOT IN (SELECT run.key FROM \(RunRow.unfinished) WHERE \(RunRow.isUnfinished))"
        for condition in [over, left] {
            var deleted: Int
            repeat {
                deleted = try await writer.write { session in
                    let delete = """
                        DELETE FROM done_item WHERE (recipe, digest) IN
                            (SELECT recipe, digest FROM done_item WHERE \(condition) LIMIT \(Self.batch))
                        """
                    try session.database.cachedStatement(sql: delete).execute(arguments: [now.microseconds])
                    return session.database.changesCount
                }
            } while deleted == Self.batch && !Task.isCancelled
        }
    }

    private func crowdedRecipes(beyond keep: Int) async throws(StoreError) -> [Int64] {
        try await reader.read { database in
            try Int64.fetchAll(
                database,
                sql: "SELECT recipe FROM run GROUP BY recipe HAVING count(*) > ?",
                arguments: [keep]
            )
        }
    }

    /// Gives free pages back to the file system, some at a time.
    private func vacuum() async throws(StoreError) {
        var progress: (before: Int, after: Int)
        repeat {
            progress = try await writer.maintain { database in
                let before = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
                if before > 0 { try database.execute(sql: "PRAGMA incremental_vacuum(1000)") }
                return (before, try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0)
            }
        } while progress.after > 0 && progress.after < progress.before && !Task.isCancelled
        try await writer.maintain { database in
            do {
                _ = try database.checkpoint(.truncate)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                // Another process reads; the log is written back by a later commit.
            }
        }
    }

    private func size() async throws(StoreError) -> Int64 {
        try await reader.read { database in
            let pages = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            return pages * (try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0)
        }
    }
}
