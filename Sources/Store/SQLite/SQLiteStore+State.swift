import CEL
import Foundation
import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/state(of:)``.
    public func state(of recipe: String) async throws(StoreError) -> MarkedValue? {
        let state = try await reader.read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT state FROM recipe WHERE name = ? AND state IS NOT NULL"
            )
            return try Data.fetchOne(statement, arguments: [recipe])
        }
        return try openedMarked(state, .state(recipe: recipe))
    }

    /// See ``Store/stateVersions(of:)``.
    public func stateVersions(of recipe: String) async throws(StoreError) -> [StateVersion] {
        let rows = try await reader.read { database in
            let select = """
                SELECT state_version.run, state_version.at, state_version.state, ifnull(recipe.state_version = state_version.key, 0)
                FROM state_version JOIN recipe ON recipe.key = state_version.recipe WHERE recipe.name = ? ORDER BY state_version.key DESC
                """
            return try Row.fetchAll(database.cachedStatement(sql: select), arguments: [recipe]).map { row in
                let version = StateVersion(
                    run: (try row.optional(0) as String?).map(RunID.init(stored:)),
                    at: try row.optionalInstant(1),
                    state: nil,
                    isCurrent: try row.required(3)
                )
                return (version, try row.optional(2) as Data?)
            }
        }
        var versions: [StateVersion] = []
        for (version, state) in rows {
            var version = version
            if let state = try openedMarked(state, .state(recipe: recipe)) {
                (version.state, version.secrets) = (state.value, state.secrets)
            }
            versions.append(version)
        }
        return versions
    }

    /// See ``Store/changeState(of:_:force:now:)``.
    public func changeState(
        of recipe: String,
        _ edit: StateEdit,
        force: Bool,
        now: Instant
    ) async throws(StoreError) -> StateOutcome {
        let new: Data? = if case .set(let state) = edit { try sealed(state, .state(recipe: recipe)) } else { nil }
        return try await writer.write { session in
            let database = session.database
            let key = try session.names.key(ofRecipe: recipe, in: database)
            if !force, let run = try Self.liveRun(ofRecipe: key, database) { return .busy(run) }
            switch edit {
            case .set(let state):
                try Self.commit(new, ofRecipe: key, run: nil, at: now, database)
                return .changed(state)
            case .previous:
                let select =
                    "SELECT key, parent FROM state_version WHERE key = (SELECT state_version FROM recipe WHERE key = ?)"
                let statement = try database.cachedStatement(sql: select)
                guard let row = try Row.fetchOne(statement, arguments: [key]) else { return .unknown }
                guard let parent: Int64 = try row.optional(1) else {
                    let forget = "UPDATE recipe SET state = NULL, state_version = NULL WHERE key = ?"
                    try database.cachedStatement(sql: forget).execute(arguments: [key])
                    return .changed(nil)
                }
                return try self.restore(parent, ofRecipe: key, recipe, database)
            case .left(let run):
                let select = "SELECT key FROM state_version WHERE recipe = ? AND run = ? ORDER BY key DESC LIMIT 1"
                let statement = try database.cachedStatement(sql: select)
                guard let version = try Int64.fetchOne(statement, arguments: [key, run.text]) else { return .unknown }
                return try self.restore(version, ofRecipe: key, recipe, database)
            }
        }
    }

    /// See ``Store/moveState(from:to:force:)``.
    public func moveState(from old: String, to new: String, force: Bool) async throws(StoreError) -> StateOutcome {
        try await writer.write { session in
            let database = session.database
            let (from, to) = (
                try session.names.key(ofRecipe: old, in: database), try session.names.key(ofRecipe: new, in: database)
            )
            if !force {
                for key in [from, to] {
                    if let run = try Self.liveRun(ofRecipe: key, database) { return .busy(run) }
                }
                let occupied = "SELECT 1 FROM recipe WHERE key = ? AND state IS NOT NULL"
                if try Bool.fetchOne(database.cachedStatement(sql: occupied), arguments: [to]) != nil {
                    return .occupied
                }
            }
            let pointer = "SELECT state_version FROM recipe WHERE key = ?"
            guard let current = try Int64.fetchOne(database.cachedStatement(sql: pointer), arguments: [from]) else {
                return .unknown
            }
            try database.cachedStatement(sql: "DELETE FROM state_version WHERE recipe = ?").execute(arguments: [to])
            let select = "SELECT key, state FROM state_version WHERE recipe = ?"
            for row in try Row.fetchAll(database.cachedStatement(sql: select), arguments: [from]) {
                // A sealed state opens in its own recipe only.
                let state = try self.openedMarked(try row.optional(1), .state(recipe: old))
                let moved = try self.sealed(state?.value, secrets: state?.secrets ?? [], .state(recipe: new))
                try database.cachedStatement(sql: "UPDATE state_version SET recipe = ?, state = ? WHERE key = ?")
                    .execute(arguments: [to, moved, try row.required(0) as Int64])
            }
            try database.cachedStatement(sql: "UPDATE recipe SET state = NULL, state_version = NULL WHERE key = ?")
                .execute(arguments: [from])
            try database.cachedStatement(sql: "UPDATE OR REPLACE done_item SET recipe = ? WHERE recipe = ?")
                .execute(arguments: [to, from])
            return try self.restore(current, ofRecipe: to, new, database)
        }
    }

    /// Brings a kept state into force again.
    private func restore(_ version: Int64, ofRecipe key: Int64, _ recipe: String, _ database: Database) throws
        -> StateOutcome
    {
        let select = try database.cachedStatement(sql: "SELECT state FROM state_version WHERE key = ? AND recipe = ?")
        guard let row = try Row.fetchOne(select, arguments: [version, key]) else { return .unknown }
        let state: Data? = try row.optional(0)
        try database.cachedStatement(sql: "UPDATE recipe SET state = ?, state_version = ? WHERE key = ?")
            .execute(arguments: [state, version, key])
        return .changed(try opened(state, .state(recipe: recipe)))
    }

    /// Brings a new state into force, and keeps those before it within bounds.
    static func commit(
        _ state: Data?,
        ofRecipe key: Int64,
        run: RunID?,
        at moment: Instant,
        _ database: Database
    ) throws {
        let insert = """
            INSERT INTO state_version (recipe, parent, run, at, state) SELECT key, state_version, ?, ?, ? FROM recipe WHERE key = ?
            """
        try database.cachedStatement(sql: insert)
            .execute(arguments: [run?.text, moment.microseconds, state, key])
        let version = database.lastInsertedRowID
        try database.cachedStatement(sql: "UPDATE recipe SET state = ?, state_version = ? WHERE key = ?")
            .execute(arguments: [state, version, key])
        let prune = """
            DELETE FROM state_version WHERE recipe = ?1 AND key <=
                (SELECT key FROM state_version WHERE recipe = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)
            """
        try database.cachedStatement(sql: prune).execute(arguments: [key, StateVersion.limit])
    }

    private static func liveRun(ofRecipe key: Int64, _ database: Database) throws -> RunID? {
        let select = """
            SELECT run.id FROM \(RunRow.unfinished) WHERE run.recipe = ? AND \(RunRow.isLive) AND run.node IS NOT NULL
            ORDER BY run.scheduled_at LIMIT 1
            """
        return try String.fetchOne(database.cachedStatement(sql: select), arguments: [key]).map(RunID.init(stored:))
    }
}
