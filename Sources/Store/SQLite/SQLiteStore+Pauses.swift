import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/pause(_:note:now:)``.
    public func pause(_ recipe: String, note: String?, now: Instant) async throws(StoreError) -> PauseRecord {
        try await writer.write { session in
            let database = session.database
            let key = try session.names.key(ofRecipe: recipe, in: database)
            let pause = """
                INSERT INTO pause (recipe, since, note) VALUES (?, ?, ?)
                ON CONFLICT (recipe) WHERE until IS NULL DO UPDATE SET note = excluded.note
                """
            try database.cachedStatement(sql: pause).execute(arguments: [key, now.microseconds, note])
            let since = try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT since FROM pause WHERE recipe = ? AND until IS NULL"),
                arguments: [key]
            )
            return PauseRecord(recipe: recipe, since: since.map(Instant.init(microseconds:)) ?? now, note: note)
        }
    }

    /// See ``Store/unpause(_:now:)``.
    public func unpause(_ recipe: String, now: Instant) async throws(StoreError) -> PauseRecord? {
        try await writer.write { session in
            let database = session.database
            let key = try session.names.key(ofRecipe: recipe, in: database)
            guard var pause = try Self.openPauses(in: database)[key] else { return nil }
            try database.cachedStatement(sql: "UPDATE pause SET until = ? WHERE recipe = ? AND until IS NULL")
                .execute(arguments: [now.microseconds, key])
            pause.until = now
            return pause
        }
    }

    /// See ``Store/pauses(after:)``.
    public func pauses(after moment: Instant?) async throws(StoreError) -> [PauseRecord] {
        try await reader.read { database in
            let select = """
                SELECT recipe.name, since, until, note FROM pause JOIN recipe ON recipe.key = pause.recipe
                WHERE until IS NULL OR until > ? ORDER BY since, recipe.name
                """
            let arguments: StatementArguments = [moment?.microseconds ?? Int64.max]
            return try Row.fetchAll(database.cachedStatement(sql: select), arguments: arguments).map { row in
                PauseRecord(
                    recipe: try row.required(0),
                    since: try row.instant(1),
                    until: try row.optionalInstant(2),
                    note: try row.optional(3)
                )
            }
        }
    }

    /// The pauses that last, by the recipe's number.
    static func openPauses(in database: Database) throws -> [Int64: PauseRecord] {
        let select = """
            SELECT pause.recipe, recipe.name, since, note FROM pause INDEXED BY pause_open JOIN recipe ON recipe.key = pause.recipe
            WHERE until IS NULL
            """
        var pauses: [Int64: PauseRecord] = [:]
        for row in try Row.fetchAll(database.cachedStatement(sql: select)) {
            pauses[try row.required(0)] = PauseRecord(
                recipe: try row.required(1),
                since: try row.instant(2),
                note: try row.optional(3)
            )
        }
        return pauses
    }
}
