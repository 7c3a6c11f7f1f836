import Foundation
import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/claim(_:)``.
    public func claim(_ requests: [ClaimRequest]) async throws(StoreError) -> [ClaimOutcome] {
        guard !requests.isEmpty else { return [] }
        var inputs: [Data?] = []
        for request in requests { inputs.append(try sealed(request.inputs, .inputs(request.run.id))) }
        let sealed = inputs
        return try await writer.write { session in
            let pauses = try Self.openPauses(in: session.database)
            return try zip(requests, sealed).map { request, inputs in
                if !pauses.isEmpty, let paused = try Self.paused(request.run, pauses, session) { return paused }
                return try Self.claim(request, inputs: inputs, session)
            }
        }
    }

    /// See ``Store/claim(_:by:source:now:)``.
    public func claim(
        _ request: ClaimRequest,
        by node: NodeRecord,
        source: String,
        now: Instant
    ) async throws(StoreError) -> ClaimOutcome {
        let inputs = try sealed(request.inputs, .inputs(request.run.id))
        return try await writer.write { session in
            // The node first: a run without a living node is an orphan, which another process would close.
            try Self.register(node, now: now, in: session.database)
            if let version = request.run.version {
                try Self.saveVersion(hash: version, source: source, now: now, in: session.database)
            }
            return try Self.claim(request, inputs: inputs, session)
        }
    }

    /// See ``Store/record(_:)``.
    public func record(_ unserved: [RunRecord]) async throws(StoreError) {
        guard !unserved.isEmpty else { return }
        try await writer.write { session in
            for run in unserved {
                if run.status == .paused {
                    _ = try Self.insertPaused(run, session)
                } else {
                    _ = try Self.insert(run, inputs: nil, session)
                }
            }
        }
    }

    /// What a fire becomes whose recipe is paused; nil when it is not, or when a person asked for the run.
    private static func paused(
        _ run: RunRecord,
        _ pauses: [Int64: PauseRecord],
        _ session: Writer.Session
    ) throws -> ClaimOutcome? {
        let recipe = try session.names.key(ofRecipe: run.fire.recipe, in: session.database)
        guard run.cause != .person, let pause = pauses[recipe] else { return nil }
        var run = run
        run.status = .paused
        run.reason = pause.reason
        run.startedAt = nil
        run.node = nil
        return try insertPaused(run, session) ? .paused(run) : .taken
    }

    /// Records a paused fire, or several: in the record that the trigger has of this pause, where it has one.
    ///
    /// Else a recipe that fires every second, paused for a month, would leave millions.
    private static func insertPaused(_ run: RunRecord, _ session: Writer.Session) throws -> Bool {
        let database = session.database
        let trigger = TriggerKey(recipe: run.fire.recipe, trigger: run.fire.trigger)
        let keys = try session.names.keys(of: trigger, in: database)
        let scheduledAt = run.fire.scheduledAt.microseconds
        let find = """
            SELECT key, ifnull(missed_until, scheduled_at) AS until FROM run
            WHERE recipe = :recipe AND trigger = :trigger AND status = 'paused' AND scheduled_at >=
                (SELECT since FROM pause WHERE recipe = :recipe AND since <= :time ORDER BY since DESC LIMIT 1)
            ORDER BY scheduled_at DESC LIMIT 1
            """
        let arguments: StatementArguments = ["recipe": keys.recipe, "trigger": keys.trigger, "time": scheduledAt]
        guard let row = try Row.fetchOne(database.cachedStatement(sql: find), arguments: arguments) else {
            return try insert(run, inputs: nil, session)
        }
        let until: Int64 = try row.required("until")
        guard until < scheduledAt else { return false }
        let latest = run.missedUntil?.microseconds ?? scheduledAt
        // A backfill may have taken a fire time in between.
        let between = """
            SELECT 1 FROM run INDEXED BY run_recipe WHERE recipe = ? AND scheduled_at > ? AND scheduled_at <= ? AND trigger = ? LIMIT 1
            """
        let isApart = try Bool.fetchOne(
            database.cachedStatement(sql: between),
            arguments: [keys.recipe, until, latest, keys.trigger]
        )
        guard isApart == nil else { return try insert(run, inputs: nil, session) }
        let extend = "UPDATE run SET missed_until = ?, missed_count = ifnull(missed_count, 1) + ? WHERE key = ?"
        try database.cachedStatement(sql: extend)
            .execute(arguments: [latest, run.missedCount ?? 1, try row.required("key") as Int64])
        try raiseLastFire(of: keys.trigger, to: latest, database)
        return true
    }

    private static func claim(
        _ request: ClaimRequest,
        inputs: Data?,
        _ session: Writer.Session
    ) throws -> ClaimOutcome {
        let run = request.run
        guard request.overlap != .allow, try isLive(run.fire.recipe, session) else {
            return try insert(run, inputs: inputs, session) ? .claimed(run) : .taken
        }
        let all = try liveRuns(of: run.fire.recipe, session)
        // A backfill costs no live fire: it waits for the run that is going, and the backfill waits for it.
        let others = all.filter { $0.cause != .backfill }
        guard let first = others.first else { return try wait(run, inputs: inputs, session) { Displacement() } }
        let waiting = others.filter { $0.status == .queued }
        let newer =
            "the fire of \(run.fire.scheduledAt.rfc3339()) took its place (overlap: \(request.overlap.rawValue))"
        switch request.overlap {
        case .skip:
            return try skip(run, "overlap: run \(first.id) is still going", session)
        case .queue where waiting.count >= OverlapRule.queueLimit:
            return try skip(run, "overlap: \(waiting.count) fires wait already, and the queue holds no more", session)
        case .queue, .allow:
            return try wait(run, inputs: inputs, session) { Displacement() }
        case .queueOne:
            return try wait(run, inputs: inputs, session) { try replace(waiting, newer, session) }
        case .cancel:
            return try wait(run, inputs: inputs, session) {
                var displacement = try replace(waiting, newer, session)
                let running = others.filter { $0.status == .running }
                displacement.cancels = try cancel(running, "cancelled: \(newer)", session)
                return displacement
            }
        }
    }

    private static func skip(_ run: RunRecord, _ reason: String, _ session: Writer.Session) throws -> ClaimOutcome {
        var run = run
        run.status = .skipped
        run.reason = reason
        run.startedAt = nil
        run.node = nil
        return try insert(run, inputs: nil, session) ? .skipped(run) : .taken
    }

    /// Lets a fire wait; `displace` moves what must go for it, unless the fire has its record already.
    private static func wait(
        _ run: RunRecord,
        inputs: Data?,
        _ session: Writer.Session,
        _ displace: () throws -> Displacement
    ) throws -> ClaimOutcome {
        var run = run
        run.status = .queued
        run.startedAt = nil
        guard try insert(run, inputs: inputs, session) else { return .taken }
        return .waiting(run, try displace())
    }

    /// Records fires that wait as skipped; the raised fence tells their node.
    private static func replace(
        _ waiting: [RunRecord],
        _ reason: String,
        _ session: Writer.Session
    ) throws -> Displacement {
        var displacement = Displacement()
        for var run in waiting {
            let skip = """
                UPDATE run SET status = 'skipped', reason = ?, node = NULL, fence = fence + 1, inputs = NULL WHERE id = ?
                """
            try session.database.cachedStatement(sql: skip).execute(arguments: [reason, run.id.text])
            run.status = .skipped
            run.reason = reason
            run.node = nil
            run.fence += 1
            displacement.replaced.append(run)
        }
        return displacement
    }

    private static func cancel(
        _ running: [RunRecord],
        _ reason: String,
        _ session: Writer.Session
    ) throws -> [CancelRequest] {
        for run in running {
            try requestCancel(of: run.id, reason, session.database)
        }
        return running.map { CancelRequest(run: $0.id, reason: reason) }
    }

    /// Whether any run holds a slot of a recipe.
    private static func isLive(_ recipe: String, _ session: Writer.Session) throws -> Bool {
        // As `liveRuns` has it.
        let find = try session.hot(
            """
            SELECT 1 FROM run INDEXED BY run_live WHERE recipe = ? AND (status = 'queued' OR status = 'running' OR status = 'interrupted')
                AND status <> 'interrupted' AND node IS NOT NULL LIMIT 1
            """
        )
        return try find.integer(.integer(session.names.key(ofRecipe: recipe, in: session.database))) != nil
    }

    /// The runs that hold a slot of a recipe, in the order of their turns.
    ///
    /// A queued run that no node holds holds no slot either.
    private static func liveRuns(of recipe: String, _ session: Writer.Session) throws -> [RunRecord] {
        let key = try session.names.key(ofRecipe: recipe, in: session.database)
        let statement = try session.database.cachedStatement(
            sql: """
                \(RunRow.selectUnfinished) WHERE run.recipe = ? AND \(RunRow.isLive) AND run.node IS NOT NULL
                ORDER BY run.scheduled_at, run.id
                """
        )
        return try Row.fetchAll(statement, arguments: [key]).map(RunRow.record)
    }

    /// Inserts the only record of a fire; false when it has one, alone or in a range, or had one that was pruned.
    static func insert(_ run: RunRecord, inputs: Data?, _ session: Writer.Session) throws -> Bool {
        let trigger = TriggerKey(recipe: run.fire.recipe, trigger: run.fire.trigger)
        let keys = try session.names.keys(of: trigger, in: session.database)
        let scheduledAt = run.fire.scheduledAt.microseconds
        let latest = max(scheduledAt, run.missedUntil?.microseconds ?? scheduledAt)
        // A backfill takes any fire time, and those before it may still be owed.
        let isInOrder = run.cause != .backfill
        let isNewest =
            try isInOrder
            && session.hot(
                """
                UPDATE trigger SET last_fire = ?1 WHERE key = ?2 AND ifnull(last_fire < ?3, 1) AND ifnull(pruned_until < ?3, 1)
                """
            ).run(.integer(latest), .integer(keys.trigger), .integer(scheduledAt)) > 0
        // Most fires are later than all that their trigger has a record of, so that nothing more is to be asked.
        guard try isNewest || isOpen(scheduledAt, of: keys.trigger, session) else { return false }
        let insert = try session.hot(
            """
            INSERT INTO run (id, recipe, trigger, scheduled_at, started_at, finished_at, status, reason, lateness, attempt, node, fence, version,
                missed_until, missed_count, inputs, cause, origin)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (scheduled_at, trigger) DO NOTHING
            """
        )
        let inserted = try insert.run(
            .text(run.id.text),
            .integer(keys.recipe),
            .integer(keys.trigger),
            .integer(scheduledAt),
            .integer(run.startedAt?.microseconds),
            .integer(run.finishedAt?.microseconds),
            .text(run.status.rawValue),
            .text(run.reason),
            .integer(run.lateness?.wholeMicroseconds),
            .integer(run.attempt),
            .text(run.node?.text),
            .integer(run.fence),
            .text(run.version),
            .integer(run.missedUntil?.microseconds),
            .integer(run.missedCount),
            .blob(inputs),
            .text(run.cause.rawValue),
            .text(run.origin?.text)
        )
        guard inserted > 0 else { return false }
        if run.status.isLive { session.rows.note(run.id, row: session.database.lastInsertedRowID) }
        if !isNewest, isInOrder { try raiseLastFire(of: keys.trigger, to: latest, session.database) }
        return true
    }

    /// Whether a fire time that is not the newest has no record, neither in a range nor among those that were pruned.
    private static func isOpen(_ scheduledAt: Int64, of trigger: Int64, _ session: Writer.Session) throws -> Bool {
        let find = try session.hot(
            """
            SELECT 1 FROM trigger WHERE key = ?1 AND ifnull(pruned_until < ?2, 1) AND NOT EXISTS (
                SELECT 1 FROM run AS range
                WHERE range.trigger = ?1 AND range.missed_until >= ?2 AND range.scheduled_at <= ?2)
            """
        )
        return try find.integer(.integer(trigger), .integer(scheduledAt)) != nil
    }

    private static func raiseLastFire(of trigger: Int64, to latest: Int64, _ database: Database) throws {
        try database
            .cachedStatement(sql: "UPDATE trigger SET last_fire = ? WHERE key = ? AND ifnull(last_fire < ?, 1)")
            .execute(arguments: [latest, trigger, latest])
    }
}
