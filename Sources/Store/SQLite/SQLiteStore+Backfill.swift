import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/backfill(_:)``.
    public func backfill(_ backfill: Backfill) async throws(StoreError) -> [RunRecord]? {
        try await writer.write { session in
            let database = session.database
            let found = backfill.splits.map(\.record) + backfill.records
            guard try found.allSatisfy({ try Self.isPresent($0, database) }) else { return nil }
            for split in backfill.splits { try Self.split(split, session) }
            var made: [RunRecord] = []
            for var run in backfill.records {
                try Self.requeue(run, database)
                (run.status, run.cause, run.reason, run.fence) = (.queued, .backfill, nil, run.fence + 1)
                made.append(run)
            }
            for run in backfill.fires where try Self.insert(run, inputs: nil, session) { made.append(run) }
            return made
        }
    }

    /// See ``Store/pendingBackfills()``.
    public func pendingBackfills() async throws(StoreError) -> Set<String> {
        try await reader.read { database in
            let select = """
                SELECT DISTINCT recipe.name FROM \(RunRow.unfinished) JOIN recipe ON recipe.key = run.recipe
                WHERE \(RunRow.isLive) AND \(Self.isPending)
                """
            return Set(try String.fetchAll(database.cachedStatement(sql: select)))
        }
    }

    /// See ``Store/takeBackfill(of:version:node:_:)``.
    public func takeBackfill(
        of recipe: String,
        version: String,
        node: NodeID,
        _ rule: StartRule
    ) async throws(StoreError) -> BackfillTurn {
        try await writer.write { session in
            let database = session.database
            let key = try session.names.key(ofRecipe: recipe, in: database)
            let select = """
                \(RunRow.selectUnfinished) WHERE run.recipe = ? AND \(RunRow.isLive) AND \(Self.isPending)
                ORDER BY run.scheduled_at, run.id LIMIT 1
                """
            let next = try Row.fetchOne(database.cachedStatement(sql: select), arguments: [key]).map(RunRow.record)
            guard var run = next else { return .none }
            guard try Self.openPauses(in: database)[key] == nil else { return .none }
            let others = """
                SELECT 1 FROM \(RunRow.unfinished) WHERE run.recipe = ? AND \(RunRow.isLive) AND run.node IS NOT NULL
                    AND (run.cause = 'backfill' OR ?) LIMIT 1
                """
            let isBlocked = try Bool.fetchOne(
                database.cachedStatement(sql: others),
                arguments: [key, rule == .inTurn]
            )
            guard isBlocked == nil else { return .mustWait }
            try database.cachedStatement(sql: "UPDATE run SET node = ?, version = ?, fence = fence + 1 WHERE id = ?")
                .execute(arguments: [node.text, version, run.id.text])
            (run.node, run.version, run.fence) = (node, version, run.fence + 1)
            return .taken(run)
        }
    }

    /// See ``Store/records(of:from:to:)``.
    public func records(of recipe: String, from: Instant, to: Instant) async throws(StoreError) -> [RunRecord] {
        try await reader.read { database in
            let within = """
                \(RunRow.select) WHERE run.recipe = (SELECT key FROM recipe WHERE name = ?) AND run.scheduled_at >= ? AND run.scheduled_at < ?
                """
            let across = """
                \(RunRow.select(from: "run INDEXED BY run_range")) WHERE run.trigger IN (SELECT trigger.key FROM trigger JOIN recipe
                    ON recipe.key = trigger.recipe WHERE recipe.name = ?1) AND run.missed_until >= ?2 AND run.scheduled_at < ?2
                """
            let inside = try Row.fetchAll(
                database.cachedStatement(sql: within),
                arguments: [recipe, from.microseconds, to.microseconds]
            )
            let reaching = try Row.fetchAll(
                database.cachedStatement(sql: across),
                arguments: [recipe, from.microseconds]
            )
            return try (reaching + inside).map(RunRow.record).sorted { left, right in
                (left.fire.scheduledAt, left.id) < (right.fire.scheduledAt, right.id)
            }
        }
    }

    /// Runs of backfills that no node has taken: they are taken one by one, not as orphans.
    static let isPending = "run.cause = 'backfill' AND run.status = 'queued' AND run.node IS NULL"

    private static func isPresent(_ run: RunRecord, _ database: Database) throws -> Bool {
        let statement = try database.cachedStatement(sql: "\(RunRow.select) WHERE run.id = ?")
        return try Row.fetchOne(statement, arguments: [run.id.text]).map(RunRow.record) == run
    }

    private static func split(_ split: Backfill.Split, _ session: Writer.Session) throws {
        let database = session.database
        try database.cachedStatement(sql: "DELETE FROM run WHERE id = ?").execute(arguments: [split.record.id.text])
        for (position, part) in split.rest.enumerated() {
            var run = split.record
            // The first part is the old record, shortened.
            if position > 0 { run.id = RunID() }
            run.fire.scheduledAt = part.first
            run.missedUntil = part.count > 1 ? part.last : nil
            run.missedCount = part.count > 1 ? part.count : nil
            _ = try insert(run, inputs: nil, session)
        }
    }

    private static func requeue(_ run: RunRecord, _ database: Database) throws {
        let requeue = """
            UPDATE run SET status = 'queued', cause = 'backfill', reason = NULL, started_at = NULL, finished_at = NULL, node = NULL,
                version = NULL, fence = fence + 1 WHERE id = ?
            """
        try database.cachedStatement(sql: requeue).execute(arguments: [run.id.text])
    }
}
