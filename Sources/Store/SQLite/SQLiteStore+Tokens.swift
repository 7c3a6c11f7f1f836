import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/token(_:)``.
    public func token(_ identity: String) async throws(StoreError) -> TokenRecord? {
        try opened(try await reader.read { try TokenRow.fetch(identity, $0) })
    }

    /// See ``Store/leaseRenewal(of:holder:now:until:)``.
    public func leaseRenewal(
        of identity: String,
        holder: NodeID,
        now: Instant,
        until: Instant
    ) async throws(StoreError) -> RenewalLease {
        let answer = try await writer.write { session -> LeaseAnswer in
            let database = session.database
            let held = try Self.lease(of: identity, database).flatMap { $0.holder == holder ? nil : $0 }
            if let held, try Self.isAlive(held, now, database) { return .held(until: held.until) }
            let take = "INSERT OR REPLACE INTO renewal_lease (identity, holder, until) VALUES (?, ?, ?)"
            try database.cachedStatement(sql: take).execute(arguments: [identity, holder.text, until.microseconds])
            return .granted(try TokenRow.fetch(identity, database), isTakenOver: held != nil)
        }
        switch answer {
        case .held(let until): return .held(until: until)
        case .granted(let row, let isTakenOver): return .granted(current: try opened(row), isTakenOver: isTakenOver)
        }
    }

    /// See ``Store/commitRenewal(_:expected:_:holder:)``.
    public func commitRenewal(
        _ token: TokenRecord,
        expected generation: Int64,
        _ renewal: RenewalRecord,
        holder: NodeID
    ) async throws(StoreError) -> RenewalCommit {
        let bag = try sealed(token.bag, .bag(identity: token.identity))
        let newer = try await writer.write { session -> TokenRow? in
            let database = session.database
            let current = try TokenRow.fetch(token.identity, database)
            try Self.release(token.identity, holder: holder, database)
            // The lease itself need not be the holder's still: what counts is that no other token has come since. Dropping this one could lose a rotated
            // refresh token that exists nowhere else.
            if let current, current.record.generation != generation {
                try RenewalRow.write(renewal, outcome: .superseded, database)
                return current
            }
            var next = token
            next.generation = generation + 1
            try TokenRow.write(next, bag: bag, database)
            try RenewalRow.write(renewal, outcome: .renewed(generation: next.generation), database)
            return nil
        }
        guard let current = try opened(newer) else { return .committed }
        return .superseded(current)
    }

    /// See ``Store/failRenewal(_:_:holder:)``.
    public func failRenewal(
        _ failure: RenewalFailure,
        _ renewal: RenewalRecord,
        holder: NodeID
    ) async throws(StoreError) {
        try await writer.write { session in
            let database = session.database
            try TokenRow.write(failure, connection: renewal.connection, at: renewal.at, database)
            try RenewalRow.write(renewal, outcome: renewal.outcome, database)
            try Self.release(failure.identity, holder: holder, database)
        }
    }

    /// See ``Store/releaseRenewal(of:holder:)``.
    public func releaseRenewal(of identity: String, holder: NodeID) async throws(StoreError) {
        try await writer.write { session in
            try Self.release(identity, holder: holder, session.database)
        }
    }

    /// See ``Store/tokens()``.
    public func tokens() async throws(StoreError) -> [TokenRecord] {
        try await reader.read { try TokenRow.fetchAll($0).map(\.record) }
    }

    /// See ``Store/renewing(now:)``.
    public func renewing(now: Instant) async throws(StoreError) -> Set<String> {
        try await reader.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT * FROM renewal_lease")
            let standing = try rows.filter { row in
                let lease = (holder: NodeID(try row.required("holder")), until: try row.instant("until"))
                return try Self.isAlive(lease, now, database)
            }
            return Set(try standing.map { try $0.required("identity") })
        }
    }

    /// See ``Store/renewals(of:limit:)``.
    public func renewals(of connection: String?, limit: Int) async throws(StoreError) -> [RenewalRecord] {
        try await reader.read { database in
            let filter = connection == nil ? "" : "WHERE connection = ?"
            var arguments: StatementArguments = []
            if let connection { arguments += [connection] }
            arguments += [max(0, limit)]
            return try Row.fetchAll(
                database,
                sql: "SELECT * FROM renewal \(filter) ORDER BY at DESC, key DESC LIMIT ?",
                arguments: arguments
            ).map(RenewalRow.record)
        }
    }

    /// See ``Store/setAccount(_:of:)``.
    public func setAccount(_ name: String?, of identity: String) async throws(StoreError) {
        try await writer.write { session in
            let database = session.database
            guard let name else {
                return try database.cachedStatement(sql: "DELETE FROM account WHERE identity = ?")
                    .execute(arguments: [identity])
            }
            try database.cachedStatement(sql: "INSERT OR REPLACE INTO account (identity, name) VALUES (?, ?)")
                .execute(arguments: [identity, name])
        }
    }

    /// See ``Store/accounts()``.
    public func accounts() async throws(StoreError) -> [String: String] {
        try await reader.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT identity, name FROM account")
            return try Dictionary(rows.map { (try $0.required("identity"), try $0.required("name")) }) { _, last in last
            }
        }
    }

    /// See ``Store/deleteToken(_:)``.
    public func deleteToken(_ identity: String) async throws(StoreError) {
        try await writer.write { session in
            try session.database.cachedStatement(sql: "DELETE FROM token WHERE identity = ?")
                .execute(arguments: [identity])
        }
    }

    private enum LeaseAnswer: Sendable {
        case held(until: Instant)
        case granted(TokenRow?, isTakenOver: Bool)
    }

    private typealias HeldLease = (holder: NodeID, until: Instant)

    /// Whether a lease still stands: its time is not over, and its holder is not known to be dead.
    private static func isAlive(_ lease: HeldLease, _ now: Instant, _ database: Database) throws -> Bool {
        try lease.until > now && node(lease.holder, in: database)?.isProcessAlive != false
    }

    private static func lease(of identity: String, _ database: Database) throws -> HeldLease? {
        let statement = try database.cachedStatement(sql: "SELECT * FROM renewal_lease WHERE identity = ?")
        return try Row.fetchOne(statement, arguments: [identity]).map { row in
            (NodeID(try row.required("holder")), try row.instant("until"))
        }
    }

    private static func release(_ identity: String, holder: NodeID, _ database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM renewal_lease WHERE identity = ? AND holder = ?")
            .execute(arguments: [identity, holder.text])
    }

    /// The token of a row, with its bag opened.
    private func opened(_ row: TokenRow?) throws(StoreError) -> TokenRecord? {
        guard let row else { return nil }
        var token = row.record
        token.bag = try opened(row.bag, .bag(identity: token.identity))
        return token
    }
}
