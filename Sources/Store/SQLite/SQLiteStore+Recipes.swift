import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/save(_:now:)``.
    public func save(_ versions: [RecipeVersion], now: Instant) async throws(StoreError) {
        // A look costs no commit, and nearly always they are there.
        let missing = try await reader.read { database in
            let find = try database.cachedStatement(sql: "SELECT 1 FROM version WHERE hash = ?")
            return try versions.filter { try Bool.fetchOne(find, arguments: [$0.hash]) == nil }
        }
        var rest = missing[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.versionsAtOnce)
            rest = rest.dropFirst(part.count)
            try await writer.write { session in
                for version in part {
                    try Self.saveVersion(hash: version.hash, source: version.source, now: now, in: session.database)
                }
            }
        }
    }

    /// So that other writers need not wait for a hundred thousand.
    private static let versionsAtOnce = 1_000

    static func saveVersion(hash: String, source: String, now: Instant, in database: Database) throws {
        let insert = "INSERT OR IGNORE INTO version (hash, source, saved_at) VALUES (?, ?, ?)"
        try database.cachedStatement(sql: insert).execute(arguments: [hash, source, now.microseconds])
    }

    /// See ``Store/version(_:)``.
    public func version(_ hash: String) async throws(StoreError) -> String? {
        try await reader.read { database in
            let statement = try database.cachedStatement(sql: "SELECT source FROM version WHERE hash = ?")
            return try String.fetchOne(statement, arguments: [hash])
        }
    }

    /// See ``Store/triggers()``.
    public func triggers() async throws(StoreError) -> [TriggerRecord] {
        try await reader.read(Self.triggers(in:))
    }

    /// See ``Store/see(_:now:)``.
    public func see(_ triggers: [TriggerKey], now: Instant) async throws(StoreError) -> [TriggerRecord] {
        let present = Set(triggers)
        let known = try await reader.read(Self.triggers(in:))
        if TriggerChange(from: known, to: present).isEmpty { return known.filter { $0.removedAt == nil } }
        return try await writer.write { session in
            let database = session.database
            // Compared again: another process may have written since.
            let change = TriggerChange(from: try Self.triggers(in: database), to: present)
            for trigger in change.appeared {
                let key = try session.names.keys(of: trigger, in: database).trigger
                let appear = """
                    UPDATE trigger SET first_seen = coalesce(first_seen, ?), watermark = ?, removed_at = NULL WHERE key = ?
                    """
                try database.cachedStatement(sql: appear)
                    .execute(arguments: [now.microseconds, now.microseconds, key])
                let begin = "INSERT OR REPLACE INTO trigger_span (trigger, since) VALUES (?, ?)"
                try database.cachedStatement(sql: begin).execute(arguments: [key, now.microseconds])
            }
            for trigger in change.removed {
                let key = try session.names.keys(of: trigger, in: database).trigger
                try database.cachedStatement(sql: "UPDATE trigger SET removed_at = ? WHERE key = ?")
                    .execute(arguments: [now.microseconds, key])
                let end = "UPDATE trigger_span SET until = ? WHERE trigger = ? AND until IS NULL"
                try database.cachedStatement(sql: end).execute(arguments: [now.microseconds, key])
            }
            return try Self.triggers(in: database).filter { $0.removedAt == nil }
        }
    }

    /// See ``Store/progress(of:)``.
    public func progress(of triggers: [TriggerKey]) async throws(StoreError) -> [TriggerProgress] {
        try await reader.read { database in
            let find = """
                SELECT trigger.key, recipe.key, max(ifnull(watermark, 0), ifnull(pruned_until, 0), ifnull(last_fire, 0))
                FROM trigger JOIN recipe ON recipe.key = trigger.recipe WHERE recipe.name = ? AND trigger.name = ?
                """
            let later = """
                SELECT scheduled_at, ifnull(missed_until, scheduled_at) FROM run INDEXED BY run_recipe
                WHERE recipe = ? AND scheduled_at > ? AND trigger = ? ORDER BY scheduled_at
                """
            let (known, ahead) = (try database.cachedStatement(sql: find), try database.cachedStatement(sql: later))
            return try triggers.map { trigger in
                guard let row = try Row.fetchOne(known, arguments: [trigger.recipe, trigger.trigger]) else {
                    return TriggerProgress(lastFire: Instant(seconds: 0), ahead: [])
                }
                let (key, recipe): (Int64, Int64) = (try row.required(0), try row.required(1))
                let lastFire = try row.instant(2)
                let rows = try Row.fetchAll(ahead, arguments: [recipe, lastFire.microseconds, key])
                return TriggerProgress(
                    lastFire: lastFire,
                    ahead: try rows.map { try $0.instant(0)...(try $0.instant(1)) }
                )
            }
        }
    }

    private static func triggers(in database: Database) throws -> [TriggerRecord] {
        let select = """
            SELECT recipe.name AS recipe, trigger.name AS trigger, first_seen, max(watermark, ifnull(pruned_until, watermark)) AS watermark, last_fire,
                removed_at
            FROM trigger JOIN recipe ON recipe.key = trigger.recipe
            WHERE first_seen IS NOT NULL ORDER BY recipe.name, trigger.name
            """
        // Row by row: copies of a hundred thousand would be the largest thing in the process.
        let rows = try Row.fetchCursor(database.cachedStatement(sql: select))
        return try Array(
            rows.map { row in
                TriggerRecord(
                    key: TriggerKey(recipe: try row.required(0), trigger: try row.required(1)),
                    firstSeen: try row.instant(2),
                    watermark: try row.instant(3),
                    lastFire: try row.optionalInstant(4),
                    removedAt: try row.optionalInstant(5)
                )
            }
        )
    }
}

/// What differs between the triggers on record and those that are there.
struct TriggerChange: Equatable {
    /// New, or back after a removal; in the order of their names, as a scheduler claims fires of one moment: those of neighbours then touch a few pages of the
    /// file, and not one each.
    var appeared: [TriggerKey]
    /// On record, but gone.
    var removed: [TriggerKey]

    init(from known: [TriggerRecord], to present: Set<TriggerKey>) {
        let active = Set(known.lazy.filter { $0.removedAt == nil }.map(\.key))
        appeared = present.filter { !active.contains($0) }
            .sorted { ($0.recipe, $0.trigger) < ($1.recipe, $1.trigger) }
        removed = active.filter { !present.contains($0) }
    }

    var isEmpty: Bool { appeared.isEmpty && removed.isEmpty }
}
