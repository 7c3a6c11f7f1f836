import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/takeBack(_:after:shorten:)``.
    public func takeBack(
        _ triggers: [TriggerKey],
        after now: Instant,
        shorten: @escaping @Sendable (TriggerKey, Instant) -> (last: Instant, count: Int)?
    ) async throws(StoreError) {
        var rest = triggers[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Self.takenBackAtOnce))
            rest = rest.dropFirst(part.count)
            try await writer.write { session in
                for trigger in part { try Self.takeBack(trigger, after: now, shorten, session) }
            }
        }
    }

    /// So many triggers in one transaction: each may have a thousand records to lose.
    private static let takenBackAtOnce = 100

    private static func takeBack(
        _ trigger: TriggerKey,
        after now: Instant,
        _ shorten: (TriggerKey, Instant) -> (last: Instant, count: Int)?,
        _ session: Writer.Session
    ) throws {
        let database = session.database
        let keys = try session.names.keys(of: trigger, in: database)
        let delete = """
            DELETE FROM run WHERE recipe = ? AND scheduled_at > ? AND trigger = ? AND status IN ('missed', 'paused')
            """
        try database.cachedStatement(sql: delete).execute(arguments: [keys.recipe, now.microseconds, keys.trigger])
        let ranges = "SELECT key, scheduled_at FROM run WHERE trigger = ? AND missed_until > ? AND scheduled_at <= ?"
        let rows = try Row.fetchAll(
            database.cachedStatement(sql: ranges),
            arguments: [keys.trigger, now.microseconds, now.microseconds]
        )
        for row in rows {
            let left = shorten(trigger, try row.instant(1))
            try database.cachedStatement(sql: "UPDATE run SET missed_until = ?, missed_count = ? WHERE key = ?")
                .execute(arguments: [left?.last.microseconds, left?.count, try row.required(0) as Int64])
        }
        // Before a record that is still to come all have theirs, so all up to `now` have.
        let update = """
            UPDATE trigger SET last_fire = min(last_fire, :now), watermark = min(watermark, :now),
                first_seen = min(first_seen, :now), pruned_until = min(pruned_until, :now)
            WHERE key = :key
            """
        let spans = [
            "DELETE FROM trigger_span WHERE trigger = :key AND since > :now AND until IS NOT NULL",
            "UPDATE OR REPLACE trigger_span SET since = :now WHERE trigger = :key AND since > :now",
            "UPDATE trigger_span SET until = :now WHERE trigger = :key AND until > :now",
        ]
        for sql in [update] + spans {
            try database.cachedStatement(sql: sql).execute(arguments: ["now": now.microseconds, "key": keys.trigger])
        }
    }
}
