import Foundation
import GRDB
import Schedule

extension SQLiteStore {
    /// See ``Store/alarms()``.
    public func alarms() async throws(StoreError) -> [AlarmRecord] {
        try await reader.read { database in
            try Row.fetchAll(database.cachedStatement(sql: "SELECT * FROM alarm ORDER BY since, subject")).map { row in
                AlarmRecord(
                    key: AlarmKey(try row.word("kind"), of: try row.required("subject")),
                    since: try row.instant("since"),
                    message: try row.required("message"),
                    count: try row.optional("count")
                )
            }
        }
    }

    /// See ``Store/raise(_:_:)``.
    public func raise(_ alarm: AlarmRecord, _ request: ClaimRequest?) async throws(StoreError) -> Bool {
        let inputs = try request.map { request throws(StoreError) in try sealedInputs(of: request) } ?? nil
        return try await writer.write { session in
            let insert = "INSERT OR IGNORE INTO alarm (kind, subject, since, message, count) VALUES (?, ?, ?, ?, ?)"
            try session.database.cachedStatement(sql: insert).execute(arguments: [
                alarm.key.kind.rawValue, alarm.key.subject, alarm.since.microseconds, alarm.message, alarm.count,
            ])
            guard session.database.changesCount > 0 else { return false }
            if let request { _ = try Self.insert(request.run, inputs: inputs, session) }
            return true
        }
    }

    /// See ``Store/clear(_:_:)``.
    public func clear(_ key: AlarmKey, _ request: ClaimRequest?) async throws(StoreError) -> Bool {
        let inputs = try request.map { request throws(StoreError) in try sealedInputs(of: request) } ?? nil
        return try await writer.write { session in
            try session.database.cachedStatement(sql: "DELETE FROM alarm WHERE kind = ? AND subject = ?")
                .execute(arguments: [key.kind.rawValue, key.subject])
            guard session.database.changesCount > 0 else { return false }
            if let request { _ = try Self.insert(request.run, inputs: inputs, session) }
            return true
        }
    }

    private func sealedInputs(of request: ClaimRequest) throws(StoreError) -> Data? {
        try sealed(request.inputs, .inputs(request.run.id))
    }
}
