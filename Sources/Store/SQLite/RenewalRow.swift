import GRDB
import Schedule

/// How a `RenewalRecord` is written and read.
enum RenewalRow {
    static func write(_ renewal: RenewalRecord, outcome: RenewalOutcome, _ database: Database) throws {
        let (word, generation, message): (Word, Int64?, String?) =
            switch outcome {
            case .renewed(let generation): (.renewed, generation, nil)
            case .failed(let message): (.failed, nil, message)
            case .superseded: (.superseded, nil, nil)
            }
        let insert = """
            INSERT INTO renewal (connection, identity, at, reason, kind, duration, outcome, generation, message, node)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try database.cachedStatement(sql: insert).execute(arguments: [
            renewal.connection, renewal.identity, renewal.at.microseconds, renewal.reason.rawValue,
            renewal.kind.rawValue, renewal.duration.wholeMicroseconds, word.rawValue, generation, message,
            renewal.node.text,
        ])
    }

    static func record(_ row: Row) throws -> RenewalRecord {
        let word: Word = try row.word("outcome")
        let outcome: RenewalOutcome =
            switch word {
            case .renewed: .renewed(generation: try row.optional("generation") ?? 0)
            case .failed: .failed(message: try row.optional("message") ?? "")
            case .superseded: .superseded
            }
        return RenewalRecord(
            connection: try row.required("connection"),
            identity: try row.required("identity"),
            at: try row.instant("at"),
            reason: try row.word("reason"),
            kind: try row.word("kind"),
            duration: .microseconds(try row.required("duration") as Int64),
            outcome: outcome,
            node: NodeID(try row.required("node"))
        )
    }

    private enum Word: String { case renewed, failed, superseded }
}
