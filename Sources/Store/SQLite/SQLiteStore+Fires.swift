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
        var run = request.run
        if request.overlap == .skip, let other = try liveRun(of: run.fire.recipe, session) {
            run.status = .skipped
            run.reason = "overlap: run \(other) is still going"
            run.startedAt = nil
            run.node = nil
            return try insert(run, inputs: nil, session) ? .skipped(run) : .taken
        }
        return try insert(run, inputs: inputs, session) ? .claimed(run) : .taken
    }

    private static func liveRun(of recipe: String, _ session: Writer.Session) throws -> String? {
        let key = try session.names.key(ofRecipe: recipe, in: session.database)
        let statement = try session.database.cachedStatement(
            sql:
                "SELECT id FROM \(RunRow.unfinished) WHERE recipe = ? AND \(RunRow.isLive) ORDER BY scheduled_at LIMIT 1"
        )
        return try String.fetchOne(statement, arguments: [key])
    }

    /// Inserts the only record of a fire; false when it has one, or had one that was pruned.
    private static func insert(_ run: RunRecord, inputs: Data?, _ session: Writer.Session) throws -> Bool {
        let database = session.database
        let trigger = TriggerKey(recipe: run.fire.recipe, trigger: run.fire.trigger)
        let keys = try session.names.keys(of: trigger, in: database)
        let insert = """
            INSERT INTO run (id, recipe, trigger, scheduled_at, started_at, finished_at, status, reason, lateness, attempt, node, fence, version,
                missed_until, missed_count, inputs)
            SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM trigger WHERE key = ? AND ifnull(pruned_until < ?, 1)
            ON CONFLICT (scheduled_at, trigger) DO NOTHING
            """
        let scheduledAt = run.fire.scheduledAt.microseconds
        try database.cachedStatement(sql: insert).execute(arguments: [
            run.id.text, keys.recipe, keys.trigger, scheduledAt, run.startedAt?.microseconds,
            run.finishedAt?.microseconds, run.status.rawValue, run.reason, run.lateness?.wholeMicroseconds,
            run.attempt, run.node?.text, run.fence, run.version, run.missedUntil?.microseconds, run.missedCount, inputs,
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
