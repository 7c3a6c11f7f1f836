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
            try zip(requests, sealed).map { try Self.claim($0, inputs: $1, session) }
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
            for run in unserved { _ = try Self.insert(run, inputs: nil, session) }
        }
    }

    private static func claim(
        _ request: ClaimRequest,
        inputs: Data?,
        _ session: Writer.Session
    ) throws -> ClaimOutcome {
        let run = request.run
        let others = request.overlap == .allow ? [] : try liveRuns(of: run.fire.recipe, session)
        guard let first = others.first else { return try insert(run, inputs: inputs, session) ? .claimed(run) : .taken }
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
            try session.database.cachedStatement(sql: "UPDATE run SET cancel = ? WHERE id = ? AND cancel IS NULL")
                .execute(arguments: [reason, run.id.text])
        }
        return running.map { CancelRequest(run: $0.id, reason: reason) }
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

    /// Inserts the only record of a fire; false when it has one, or had one that was pruned.
    private static func insert(_ run: RunRecord, inputs: Data?, _ session: Writer.Session) throws -> Bool {
        let database = session.database
        let trigger = TriggerKey(recipe: run.fire.recipe, trigger: run.fire.trigger)
        let keys = try session.names.keys(of: trigger, in: database)
        let insert = """
            INSERT INTO run (id, recipe, trigger, scheduled_at, started_at, finished_at, status, reason, lateness, attempt, node, fence, version,
                missed_until, missed_count, inputs, cause)
            SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM trigger WHERE key = ? AND ifnull(pruned_until < ?, 1)
            ON CONFLICT (scheduled_at, trigger) DO NOTHING
            """
        let scheduledAt = run.fire.scheduledAt.microseconds
        try database.cachedStatement(sql: insert).execute(arguments: [
            run.id.text, keys.recipe, keys.trigger, scheduledAt, run.startedAt?.microseconds,
            run.finishedAt?.microseconds, run.status.rawValue, run.reason, run.lateness?.wholeMicroseconds,
            run.attempt, run.node?.text, run.fence, run.version, run.missedUntil?.microseconds, run.missedCount, inputs,
            run.cause.rawValue,
            keys.trigger, scheduledAt,
        ])
        guard database.changesCount > 0 else { return false }
        let latest = max(scheduledAt, run.missedUntil?.microseconds ?? scheduledAt)
        try database
            .cachedStatement(sql: "UPDATE trigger SET last_fire = ? WHERE key = ? AND ifnull(last_fire < ?, 1)")
            .execute(arguments: [latest, keys.trigger, latest])
        return true
    }
}
