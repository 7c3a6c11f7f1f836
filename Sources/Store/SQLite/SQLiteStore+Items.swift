import CEL
import Crypto
import Foundation
import GRDB
public import Schedule
import Synchronization

/// The digest of an item's key, and until when it counts.
struct ItemDigest: Sendable {
    let bytes: Data
    let until: Instant
}

/// Makes digests of keys with a secret of the store's own: who has the file alone cannot try which keys are in it.
final class ItemDigests: Sendable {
    private let key = Mutex<SymmetricKey?>(nil)

    /// The secret's name.
    static let secret = "item digests"
    private static let size = 16

    /// The secret, once it is known.
    var known: SymmetricKey? { key.withLock { $0 } }

    func learn(_ secret: [UInt8]) -> SymmetricKey {
        let new = SymmetricKey(data: secret)
        key.withLock { $0 = new }
        return new
    }

    /// 128 bits: an action's keys never meet by chance.
    static func digest(of key: String, action: String, _ secret: SymmetricKey) -> Data {
        let text = Array("\(action)\u{0}\(key)".utf8)
        return Data(HMAC<SHA256>.authenticationCode(for: text, using: secret).prefix(size))
    }
}

extension SQLiteStore {
    /// See ``Store/claimItems(_:of:run:fence:now:)``.
    public func claimItems(
        _ keys: [String],
        of action: String,
        run: RunID,
        fence: Int64,
        now: Instant
    ) async throws(StoreError) -> [ItemClaim] {
        guard !keys.isEmpty else { return [] }
        let secret = try await digestKey()
        let digests = keys.map { ItemDigests.digest(of: $0, action: action, secret) }
        return try await writer.write { session in
            let database = session.database
            let key = try Self.heldRun(run, fence: fence, session)
            let find = try database.cachedStatement(
                sql: """
                    SELECT done_item.until, run.key FROM done_item
                    LEFT JOIN run ON run.key = done_item.run AND run.status IN ('queued', 'running') AND done_item.until IS NULL
                    WHERE done_item.recipe = (SELECT recipe FROM run WHERE key = ?) AND digest = ?
                    """
            )
            let take = try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO done_item (recipe, digest, until, run) SELECT recipe, ?, NULL, key FROM run WHERE key = ?
                    """
            )
            return try digests.map { digest in
                if let row = try Row.fetchOne(find, arguments: [key, digest]) {
                    if let until: Int64 = try row.optional(0), until > now.microseconds { return .done }
                    if let holder: Int64 = try row.optional(1) { return holder == key ? .claimed : .taken }
                }
                try take.execute(arguments: [digest, key])
                return .claimed
            }
        }
    }

    /// What is recorded with an action that completes an item.
    func digest(of action: ActionRecord) async throws(StoreError) -> ItemDigest? {
        guard let item = action.doneItem else { return nil }
        let bytes = ItemDigests.digest(of: item.key, action: action.path, try await digestKey())
        return ItemDigest(bytes: bytes, until: item.until)
    }

    static func markDone(_ digest: ItemDigest, run: Int64, _ database: Database) throws {
        let write = """
            INSERT OR REPLACE INTO done_item (recipe, digest, until, run) SELECT recipe, ?, ?, key FROM run WHERE key = ?
            """
        try database.cachedStatement(sql: write).execute(arguments: [digest.bytes, digest.until.microseconds, run])
    }

    /// The secret behind the digests; made by the first who needs it.
    private func digestKey() async throws(StoreError) -> SymmetricKey {
        if let known = itemDigests.known { return known }
        let name = ItemDigests.secret
        let fresh = try sealed(.bytes(SealingKey().bytes), .secret(name: name))
        let stored: Data? = try await writer.write { session in
            try session.database.cachedStatement(sql: "INSERT OR IGNORE INTO secret (name, value) VALUES (?, ?)")
                .execute(arguments: [name, fresh])
            let select = try session.database.cachedStatement(sql: "SELECT value FROM secret WHERE name = ?")
            return try Data.fetchOne(select, arguments: [name])
        }
        guard case .bytes(let bytes)? = try opened(stored, .secret(name: name)) else {
            throw StoreError.corrupt(path: path, detail: "a secret of the store's own is missing")
        }
        return itemDigests.learn(bytes)
    }
}
