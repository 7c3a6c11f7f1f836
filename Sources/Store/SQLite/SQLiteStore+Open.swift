import CSQLite
import GRDB

extension SQLiteStore {
    /// How connections behave.
    struct Settings: Sendable {
        /// How long a call waits for another process's transaction.
        var busyTimeout: Duration = .seconds(5)
        /// Pages (4 KiB) after which the log is written back into the file: enough to spread the cost, few enough that the next process starts fast.
        var checkpointPages = 4000
        /// What the log is cut back to when it is reset, in bytes.
        var logSizeLimit = 16 * 1024 * 1024
    }

    /// Opens the store, making it on first use: a directory that only its owner can enter, with a `.gitignore` for everything in it, and a file that only its
    /// owner can read.
    ///
    /// Throws `wrongKey` when the store was made with another key, `newerSchema`, and whatever keeps the file from being opened.
    ///
    /// - Parameter isBrief: the process ends soon: it keeps the log so short that the next one opens it as fast as none.
    public static func open(at path: String, sealer: Sealer, isBrief: Bool = false) throws(StoreError) -> SQLiteStore {
        var settings = Settings()
        if isBrief { settings.checkpointPages = 100 }
        return try open(at: path, sealer: sealer, settings: settings)
    }

    static func open(at path: String, sealer: Sealer, settings: Settings) throws(StoreError) -> SQLiteStore {
        try StoreFile(path).makeIfAbsent()
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration(settings))
            try prepare(queue, path: path)
            try queue.inDatabase { database in
                try checkKey(sealer, path: path, database)
            }
            return store(path: path, queue: queue, sealer: sealer, settings: settings)
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Opens an existing store for listings: it is never made, migrated or written.
    ///
    /// Without a sealer, what is sealed throws `noKey`.
    public static func openForReading(at path: String, sealer: Sealer? = nil) throws(StoreError) -> SQLiteStore {
        guard StoreFile(path).exists else { throw StoreError.missing(path: path) }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration(Settings(), isReadOnly: true))
            try queue.inDatabase { database in
                guard try isCurrent(database, path: path) else {
                    // Made, but not yet filled; or by an older runner.
                    guard try hasRuns(database) else { throw StoreError.missing(path: path) }
                    throw StoreError.olderSchema(path: path)
                }
                if let sealer, let stored = try storedFingerprint(database), stored != sealer.fingerprint {
                    throw StoreError.wrongKey(path: path, stored: stored, given: sealer.fingerprint)
                }
            }
            return SQLiteStore(
                path: path,
                queue: queue,
                sealer: sealer,
                reader: Reader(path: path, sharing: queue, open: nil)
            )
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// A store that is gone with the process.
    public static func inMemory(sealer: Sealer = Sealer(SealingKey())) throws(StoreError) -> SQLiteStore {
        let path = memory
        do {
            let queue = try DatabaseQueue(configuration: configuration(Settings()))
            try queue.inDatabase { try $0.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
            try Schema.migrator.migrate(queue)
            return SQLiteStore(
                path: path,
                queue: queue,
                sealer: sealer,
                reader: Reader(path: path, sharing: queue, open: nil)
            )
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private static func store(path: String, queue: DatabaseQueue, sealer: Sealer, settings: Settings) -> SQLiteStore {
        SQLiteStore(
            path: path,
            queue: queue,
            sealer: sealer,
            reader: Reader(path: path, sharing: queue) {
                try DatabaseQueue(path: path, configuration: configuration(settings, isReadOnly: true))
            }
        )
    }

    /// What holds for all connections of the process.
    private static let isSQLiteConfigured: Bool = {
        csqlite_forgo_memory_statistics()
        return true
    }()

    private static func configuration(_ settings: Settings, isReadOnly: Bool = false) -> Configuration {
        _ = isSQLiteConfigured
        var configuration = Configuration()
        configuration.readonly = isReadOnly
        configuration.label = "store"
        configuration.busyMode = .callback(BusyWait(timeout: settings.busyTimeout).mayTryAgain)
        if !isReadOnly {
            configuration.prepareDatabase { database in
                try database.execute(
                    sql: """
                        PRAGMA synchronous = FULL;
                        PRAGMA wal_autocheckpoint = \(settings.checkpointPages);
                        PRAGMA journal_size_limit = \(settings.logSizeLimit);
                        """
                )
            }
        }
        return configuration
    }

    // MARK: Schema

    /// Whether the file has the present schema; false when it is empty or older.
    ///
    /// Throws when it is newer, or not ours.
    private static func isCurrent(_ database: Database, path: String) throws -> Bool {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        if try !database.isOurs() {
            if try database.schemaIsEmpty() { return false }
            // Asked again: another process may have made it meanwhile, which says whose it is before it makes a table.
            guard try database.isOurs() else {
                throw StoreError.corrupt(path: path, detail: "it is a database of another program")
            }
        }
        guard version <= Schema.current else {
            throw StoreError.newerSchema(path: path, found: version, supported: Schema.current)
        }
        return version == Schema.current
    }

    /// Whether anything was ever run, by whichever version.
    private static func hasRuns(_ database: Database) throws -> Bool {
        guard try database.tableExists("run") else { return false }
        return try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM run)") ?? false
    }

    private static func prepare(_ queue: DatabaseQueue, path: String) throws {
        if try queue.inDatabase({ try isCurrent($0, path: path) }) { return }
        // Two processes may get here at once; the second finds everything done.
        try StoreFile(path).whileLocked {
            try queue.inDatabase { database in
                if try !isCurrent(database, path: path), try database.schemaIsEmpty() {
                    try database.execute(
                        sql: """
                            PRAGMA auto_vacuum = INCREMENTAL;
                            PRAGMA journal_mode = WAL;
                            PRAGMA application_id = \(Schema.applicationID);
                            """
                    )
                }
            }
            try Schema.migrator.migrate(queue)
        }
    }

    // MARK: Key

    private static func storedFingerprint(_ database: Database) throws -> String? {
        try String.fetchOne(database, sql: "SELECT value FROM meta WHERE name = 'key fingerprint'")
    }

    /// Remembers which key the store is sealed with, or refuses another one.
    private static func checkKey(_ sealer: Sealer, path: String, _ database: Database) throws {
        if try storedFingerprint(database) == nil {
            try database.execute(
                sql: "INSERT OR IGNORE INTO meta (name, value) VALUES ('key fingerprint', ?)",
                arguments: [sealer.fingerprint]
            )
        }
        // Read again: another process may have been faster, with another key.
        guard let stored = try storedFingerprint(database), stored != sealer.fingerprint else { return }
        throw StoreError.wrongKey(path: path, stored: stored, given: sealer.fingerprint)
    }
}

extension DatabaseQueue {
    /// Works on the connection outside a transaction.
    fileprivate func inDatabase<Answer>(_ body: (Database) throws -> Answer) throws -> Answer {
        try writeWithoutTransaction(body)
    }
}

extension Database {
    /// Whether it says that it is a store.
    fileprivate func isOurs() throws -> Bool {
        try Int.fetchOne(self, sql: "PRAGMA application_id") == Schema.applicationID
    }

    /// Whether no table was ever made.
    fileprivate func schemaIsEmpty() throws -> Bool {
        try Int.fetchOne(self, sql: "SELECT count(*) FROM sqlite_schema") == 0
    }
}
