import Foundation
import GRDB

extension SQLiteStore {
    /// Seals everything that is sealed with another key, in one transaction; afterwards this store can be used no more, and must be opened with that key.
    ///
    /// Gives how many values there were. Throws while another process works on the store, since it would go on with the old key.
    public func rotate(to sealer: Sealer) async throws(StoreError) -> Int {
        guard let old = self.sealer else { throw StoreError.noKey(path: path) }
        let path = path
        let spilled = spilled
        let (count, outdated) = try await writer.write { session in
            let database = session.database
            guard try !Self.nodes(in: database).contains(where: { $0.isProcessAlive == true }) else {
                throw StoreError.other(path: path, detail: "another process works on it; stop that first")
            }
            var rotation = Rotation(database: database, old: old, new: sealer, spilled: spilled)
            var count = 0
            for column in ["inputs", "output"] {
                count += try rotation.reseal("run", column, context: "'run/' || id || '/\(column)'")
            }
            count += try rotation.reseal(
                "action",
                "result",
                context: "'action/' || (SELECT id FROM run WHERE run.key = action.run) || '/' || path || '/' || item"
            )
            count += try rotation.reseal("recipe", "state", context: "'recipe/' || name || '/state'")
            count += try rotation.reseal(
                "state_version",
                "state",
                context: "'recipe/' || (SELECT name FROM recipe WHERE recipe.key = state_version.recipe) || '/state'"
            )
            count += try rotation.reseal("secret", "value", context: "'secret/' || name")
            count += try rotation.reseal("token", "bag", context: "'token/' || identity")
            try database.execute(
                sql: "UPDATE meta SET value = ? WHERE name = 'key fingerprint'",
                arguments: [sealer.fingerprint]
            )
            return (count, rotation.outdated)
        }
        // The rows name others now.
        for (run, reference) in outdated { spilled?.remove(reference, of: run) }
        return count
    }

    /// Which key the store is sealed with, as its opener has checked.
    public var fingerprint: String? { sealer?.fingerprint }

    private struct Rotation {
        let database: Database
        let old: Sealer
        let new: Sealer
        let spilled: SpilledResults?
        /// What rows named before.
        var outdated: [(RunID, Data)] = []

        /// Seals a column's values again, one at a time: together they may be larger than memory.
        ///
        /// An output that only says where it stands (`OutputPlace`) is not sealed.
        ///
        /// `context` is SQL for what `SealedPlace.context` says.
        mutating func reseal(_ table: String, _ column: String, context: String) throws -> Int {
            let rowids = try Int64.fetchAll(
                database,
                sql: "SELECT \(key(table)) FROM \(table) WHERE \(column) IS NOT NULL"
            )
            let read = "SELECT \(column), \(context) FROM \(table) WHERE \(key(table)) = ?"
            let write = "UPDATE \(table) SET \(column) = ? WHERE \(key(table)) = ?"
            var count = 0
            for rowid in rowids {
                let statement = try database.cachedStatement(sql: read)
                guard let row = try Row.fetchOne(statement, arguments: [rowid]) else { continue }
                let sealed: Data = try row.decode(Data.self, atIndex: 0)
                guard OutputPlace(stored: sealed) == nil else { continue }
                let context: String = try row.decode(String.self, atIndex: 1)
                let again: Data
                // The context of what a run left begins with `run/` or `action/` and its id.
                let parts = context.split(separator: "/", maxSplits: 2)
                if SpilledResults.isReference(sealed), let spilled, parts.count > 1 {
                    let run = RunID(stored: String(parts[1]))
                    let opened = try old.open(try spilled.read(sealed, of: run), context: context)
                    again = try spilled.write(try new.seal(opened, context: context), of: run)
                    outdated.append((run, sealed))
                } else {
                    again = Data(try new.seal(try old.open([UInt8](sealed), context: context), context: context))
                }
                try database.cachedStatement(sql: write).execute(arguments: [again, rowid])
                count += 1
            }
            return count
        }

        /// Tables with a numeric key are read by it, the others by the row's own number.
        private func key(_ table: String) -> String { ["token", "secret"].contains(table) ? "rowid" : "key" }
    }
}
