import GRDB
public import Schedule

extension SQLiteStore {
    /// See ``Store/register(_:now:)``.
    public func register(_ node: NodeRecord, now: Instant) async throws(StoreError) {
        try await writer.write { try Self.register(node, now: now, in: $0.database) }
    }

    static func register(_ node: NodeRecord, now: Instant, in database: Database) throws {
        for known in try Self.nodes(in: database) where known.id != node.id && !known.isAlive(now: now) {
            try database.cachedStatement(sql: "DELETE FROM node WHERE id = ?").execute(arguments: [known.id.text])
        }
        let insert = """
            INSERT OR REPLACE INTO node (id, role, host, boot, pid, process_start, lease_until) VALUES (?, ?, ?, ?, ?, ?, ?)
            """
        try database.cachedStatement(sql: insert).execute(arguments: [
            node.id.text, node.role.rawValue, node.host, node.boot, node.pid, Int64(bitPattern: node.processStart),
            node.leaseUntil.microseconds,
        ])
    }

    /// See ``Store/renewLease(of:until:)``.
    public func renewLease(of node: NodeID, until: Instant) async throws(StoreError) {
        try await writer.write { session in
            try session.database.cachedStatement(sql: "UPDATE node SET lease_until = ? WHERE id = ?")
                .execute(arguments: [until.microseconds, node.text])
        }
    }

    /// See ``Store/unregister(_:)``.
    public func unregister(_ node: NodeID) async throws(StoreError) {
        try await writer.write { session in
            try session.database.cachedStatement(sql: "DELETE FROM node WHERE id = ?").execute(arguments: [node.text])
        }
    }

    static func nodes(in database: Database) throws -> [NodeRecord] {
        try Row.fetchAll(database.cachedStatement(sql: "SELECT * FROM node")).map(node(from:))
    }

    /// The node of that name, while it is registered.
    static func node(_ id: NodeID, in database: Database) throws -> NodeRecord? {
        let statement = try database.cachedStatement(sql: "SELECT * FROM node WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id.text]).map(node(from:))
    }

    private static func node(from row: Row) throws -> NodeRecord {
        NodeRecord(
            id: NodeID(try row.required("id")),
            role: try row.word("role"),
            host: try row.required("host"),
            boot: try row.required("boot"),
            pid: try row.required("pid"),
            processStart: UInt64(bitPattern: try row.required("process_start")),
            leaseUntil: try row.instant("lease_until")
        )
    }
}
