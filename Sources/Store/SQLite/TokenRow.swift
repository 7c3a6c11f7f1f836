import CEL
import Foundation
import GRDB
import Schedule

/// A token as its row holds it: the bag still sealed.
struct TokenRow: Sendable {
    let record: TokenRecord
    let bag: Data?

    /// The row of an identity; nil when there is none.
    static func fetch(_ identity: String, _ database: Database) throws -> TokenRow? {
        let statement = try database.cachedStatement(sql: "SELECT * FROM token WHERE identity = ?")
        return try Row.fetchOne(statement, arguments: [identity]).map(TokenRow.init)
    }

    /// All rows, by connection.
    static func fetchAll(_ database: Database) throws -> [TokenRow] {
        try Row.fetchAll(database, sql: "SELECT * FROM token ORDER BY connection, identity").map(TokenRow.init)
    }

    private init(_ row: Row) throws {
        bag = try row.optional("bag")
        record = TokenRecord(
            identity: try row.required("identity"),
            connection: try row.required("connection"),
            generation: try row.required("generation"),
            bag: nil,
            acquiredAt: try row.instant("acquired_at"),
            expiresAt: try row.optionalInstant("expires_at"),
            refreshExpiresAt: try row.optionalInstant("refresh_expires_at"),
            state: try StoredState(row).state,
            secretDigest: try row.required("secret_digest")
        )
    }

    /// Replaces the token of an identity.
    static func write(_ token: TokenRecord, bag: Data?, _ database: Database) throws {
        let state = StoredState(token.state)
        let replace = """
            INSERT OR REPLACE INTO token (identity, connection, generation, bag, acquired_at, expires_at, refresh_expires_at, state, cooling_until, failures,
                message, secret_digest)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try database.cachedStatement(sql: replace).execute(arguments: [
            token.identity, token.connection, token.generation, bag, token.acquiredAt.microseconds,
            token.expiresAt?.microseconds, token.refreshExpiresAt?.microseconds, state.word.rawValue,
            state.until?.microseconds, state.failures, state.message, token.secretDigest,
        ])
    }

    /// Keeps the bag, and says what the last renewal from `generation` came to; a token of another generation is left alone.
    static func write(_ failure: RenewalFailure, connection: String, at: Instant, _ database: Database) throws {
        let state = StoredState(failure.state)
        // Without a row there is nothing to keep: the identity's first renewal failed. A row of another generation does not match the condition.
        let upsert = """
            INSERT INTO token (identity, connection, generation, acquired_at, state, cooling_until, failures, message, secret_digest)
            SELECT ?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8 WHERE ?9 = 0 OR EXISTS (SELECT 1 FROM token WHERE identity = ?1)
            ON CONFLICT (identity) DO UPDATE SET state = ?4, cooling_until = ?5, failures = ?6, message = ?7, secret_digest = ?8 WHERE generation = ?9
            """
        try database.cachedStatement(sql: upsert).execute(arguments: [
            failure.identity, connection, at.microseconds, state.word.rawValue, state.until?.microseconds,
            state.failures, state.message, failure.secretDigest, failure.generation,
        ])
    }
}

/// `TokenState` in columns.
private struct StoredState {
    enum Word: String { case valid, cooling, needsAttention = "needs_attention" }

    var word: Word
    var until: Instant?
    var failures: Int?
    var message: String?

    init(_ state: TokenState) {
        switch state {
        case .valid:
            word = .valid
        case .cooling(let until, let failures, let message):
            word = .cooling
            (self.until, self.failures, self.message) = (until, failures, message)
        case .needsAttention(let message):
            word = .needsAttention
            self.message = message
        }
    }

    init(_ row: Row) throws {
        word = try row.word("state")
        until = try row.optionalInstant("cooling_until")
        failures = try row.optional("failures")
        message = try row.optional("message")
    }

    var state: TokenState {
        switch word {
        case .valid: .valid
        case .cooling:
            .cooling(until: until ?? Instant(microseconds: 0), failures: failures ?? 1, message: message ?? "")
        case .needsAttention: .needsAttention(message: message ?? "")
        }
    }
}
