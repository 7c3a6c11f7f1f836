import CEL
import Foundation
import GRDB
import Schedule

/// An action as its row holds it: the result still sealed.
struct ActionRow: Sendable {
    let action: ActionRecord
    let result: Data?
    /// The item that becomes known as done with it.
    var done: ItemDigest?

    func write(run: Int64, _ session: Writer.Session) throws {
        // Not `INSERT OR REPLACE`, for which SQLite opens a savepoint and looks for references to what it would delete, each time.
        let write = try session.hot(
            """
            INSERT INTO action (run, path, item, status, attempts, started_at, finished_at, request, error, result)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (run, path, item) DO UPDATE SET status = excluded.status, attempts = excluded.attempts,
                started_at = excluded.started_at, finished_at = excluded.finished_at, request = excluded.request,
                error = excluded.error, result = excluded.result
            """
        )
        try write.run(
            .integer(run),
            .text(action.path),
            .text(action.index),
            .text(action.status.rawValue),
            .integer(action.attempts),
            .integer(action.startedAt.microseconds),
            .integer(action.finishedAt?.microseconds),
            .text(action.request),
            .text(action.error?.storedText),
            .blob(result)
        )
    }

    static func delete(_ inner: InnerActions, run: Int64, _ database: Database) throws {
        // The range of what begins with a text and a separator ends at the character after that: '/' after '.', '0' after '/'.
        let item = inner.index.isEmpty ? "" : " AND (item = ? OR item > ? AND item < ?)"
        let index: [any DatabaseValueConvertible] =
            inner.index.isEmpty ? [] : [inner.index, inner.index + ".", inner.index + "/"]
        let delete = "DELETE FROM action WHERE run = ?"
        for path in inner.paths {
            try database.cachedStatement(sql: delete + " AND path = ?" + item)
                .execute(arguments: StatementArguments([run, path] + index))
        }
        for root in inner.roots {
            try database.cachedStatement(sql: delete + " AND path > ? AND path < ?" + item)
                .execute(arguments: StatementArguments([run, root + "/", root + "0"] + index))
        }
    }

    static func fetch(_ run: RunID, _ database: Database) throws -> [ActionRow] {
        let select = """
            SELECT * FROM action WHERE run = (SELECT key FROM run WHERE id = ?) ORDER BY started_at, path, length(item), item
            """
        return try Row.fetchAll(database.cachedStatement(sql: select), arguments: [run.text]).map { row in
            let action = ActionRecord(
                run: run,
                path: try row.required("path"),
                index: try row.required("item"),
                status: try row.word("status"),
                error: (try row.optional("error") as String?).flatMap(ErrorRecord.init(stored:)),
                attempts: try row.required("attempts"),
                startedAt: try row.instant("started_at"),
                finishedAt: try row.optionalInstant("finished_at"),
                request: try row.optional("request")
            )
            return ActionRow(action: action, result: try row.optional("result"))
        }
    }
}

extension ErrorRecord {
    /// A JSON object of the fields that are there.
    var storedText: String {
        var fields: [(String, Value)] = [("kind", .string(kind)), ("message", .string(message))]
        if let action { fields.append(("action", .string(action))) }
        if let status { fields.append(("status", .int(Int64(status)))) }
        if let attempt { fields.append(("attempt", .int(Int64(attempt)))) }
        return Value.map(ValueMap(fields)).json()
    }

    init?(stored text: String) {
        guard let fields = try? Value(json: text.utf8) else { return nil }
        func string(_ name: String) -> String? {
            guard case .string(let text) = fields[name] else { return nil }
            return text
        }
        func number(_ name: String) -> Int? {
            guard case .int(let number) = fields[name] else { return nil }
            return Int(number)
        }
        self.init(
            action: string("action"),
            kind: string("kind") ?? "",
            message: string("message") ?? "",
            status: number("status"),
            attempt: number("attempt")
        )
    }
}
