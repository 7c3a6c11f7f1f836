import GRDB
import Synchronization

/// Which numbers stand for the names of recipes and triggers, so that a run's row and its index entries are small.
///
/// Rows of these two tables are never deleted and never renumbered, so what was read once stays true, also beside other processes.
final class Names: Sendable {
    struct Keys: Sendable {
        let recipe: Int64
        let trigger: Int64
    }

    private struct Known {
        var recipes: [String: Int64] = [:]
        var triggers: [TriggerKey: Keys] = [:]
    }

    private let known = Mutex(Known())

    /// So many names of each kind are kept: enough for any burst, while most of a hundred thousand recipes wait for days.
    private static let limit = 24_000

    /// The numbers of a trigger and its recipe; new ones are made inside the transaction.
    func keys(of trigger: TriggerKey, in database: Database) throws -> Keys {
        if let keys = known.withLock({ $0.triggers[trigger] }) { return keys }
        let recipe = try key(ofRecipe: trigger.recipe, in: database)
        let key = try Self.key(
            find: "SELECT key FROM trigger WHERE recipe = ? AND name = ?",
            insert: "INSERT INTO trigger (recipe, name) VALUES (?, ?)",
            [recipe, trigger.trigger],
            in: database
        )
        let keys = Keys(recipe: recipe, trigger: key)
        known.withLock { known in
            if known.triggers.count >= Self.limit { known.triggers = [:] }
            known.triggers[trigger] = keys
        }
        return keys
    }

    /// The number of a recipe; a new one is made inside the transaction.
    func key(ofRecipe name: String, in database: Database) throws -> Int64 {
        if let key = known.withLock({ $0.recipes[name] }) { return key }
        let key = try Self.key(
            find: "SELECT key FROM recipe WHERE name = ?",
            insert: "INSERT INTO recipe (name) VALUES (?)",
            [name],
            in: database
        )
        known.withLock { known in
            if known.recipes.count >= Self.limit { known.recipes = [:] }
            known.recipes[name] = key
        }
        return key
    }

    /// After a rollback: numbers that were made in it do not exist.
    func forget() {
        known.withLock { $0 = Known() }
    }

    private static func key(
        find: String,
        insert: String,
        _ arguments: StatementArguments,
        in database: Database
    ) throws -> Int64 {
        if let key = try Int64.fetchOne(database.cachedStatement(sql: find), arguments: arguments) { return key }
        try database.cachedStatement(sql: insert).execute(arguments: arguments)
        return database.lastInsertedRowID
    }
}
