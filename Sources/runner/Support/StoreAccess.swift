import Glibc
import Recipe
import Schedule
import Store

/// Opens the store that a command means.
enum StoreAccess {
    /// The store for a listing: it must be there, and nothing is written.
    static func forReading(_ options: WorkspaceOptions, directory: String? = nil) throws -> SQLiteStore {
        let location = try options.location(directory: directory)
        let settings = try location.loader().settings()
        let path = location.storePath(options.store, settings: settings)
        return try open { () throws(StoreError) in
            try withKey(location.environment()) { sealer throws(StoreError) in
                try SQLiteStore.openForReading(at: path, sealer: sealer)
            }
        }
    }

    /// The store for a command that reads what is sealed in it, and makes do without one: nil where nothing has run yet.
    static func forReadingIfPresent(_ location: WorkspaceLocation, _ option: String?, _ settings: WorkspaceSettings)
        throws -> SQLiteStore?
    {
        let path = location.storePath(option, settings: settings)
        // Where there is no store there may be no key either, and looking for one would make it.
        guard access(path, F_OK) == 0 else { return nil }
        do {
            return try withKey(location.environment()) { sealer throws(StoreError) in
                try SQLiteStore.openForReading(at: path, sealer: sealer)
            }
        } catch {
            if case .missing = error { return nil }
            throw failure(error)
        }
    }

    /// The store for a listing that makes do without one: nil where nothing has run yet.
    static func ifPresent(_ location: WorkspaceLocation, _ option: String?, _ settings: WorkspaceSettings) throws
        -> SQLiteStore?
    {
        do {
            return try SQLiteStore.openForReading(at: location.storePath(option, settings: settings))
        } catch {
            if case .missing = error { return nil }
            throw failure(error)
        }
    }

    /// The store for a command that asks for something; made where it is missing.
    static func forWriting(_ location: WorkspaceLocation, _ option: String?, _ settings: WorkspaceSettings) throws
        -> SQLiteStore
    {
        try forWriting(location, option, settings, environment: location.environment(), isBrief: true)
    }

    /// The store for a command that runs something; made where it is missing.
    ///
    /// - Parameter isBrief: the command ends with what it runs.
    static func forWriting(
        _ location: WorkspaceLocation,
        _ option: String?,
        _ settings: WorkspaceSettings,
        environment: [String: String],
        isBrief: Bool
    ) throws -> SQLiteStore {
        let path = location.storePath(option, settings: settings)
        return try open { () throws(StoreError) in
            try withKey(environment) { sealer throws(StoreError) in
                try SQLiteStore.open(at: path, sealer: sealer, isBrief: isBrief)
            }
        }
    }

    /// A store that is gone with the process.
    static func ephemeral() throws -> SQLiteStore {
        try open { () throws(StoreError) in try SQLiteStore.inMemory() }
    }

    /// Asks a store, and turns its errors into the command's.
    static func asking<Result: Sendable>(_ body: () async throws(StoreError) -> Result) async throws -> Result {
        do {
            return try await body()
        } catch {
            throw failure(error)
        }
    }

    /// The run whose id begins so.
    static func run(_ prefix: String, in store: SQLiteStore) async throws -> RunDetail {
        let found = try await asking { () async throws(StoreError) in try await store.run(prefix) }
        guard let found else { throw Failure(.invalid, "there is no run \(prefix); `runner runs` lists them") }
        return found
    }

    /// Whether some process serves what is asked of a store; one that cannot be seen from here (in another container) counts.
    static func isServed(_ store: SQLiteStore) async throws -> Bool {
        try await asking { () async throws(StoreError) in
            try await store.nodes().contains { $0.role == .scheduler && $0.isProcessAlive ?? true }
        }
    }

    /// Opens a store with the user's key, or with the older one that it is still sealed with.
    private static func withKey<Result>(
        _ environment: [String: String],
        _ open: (Sealer) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        do {
            return try open(try sealer(environment))
        } catch {
            guard case .wrongKey(_, let stored, _) = error, let ring = KeyRing(try KeySource.find(in: environment)),
                let older = try ring.key(stored)
            else { throw error }
            return try open(Sealer(older))
        }
    }

    /// The key's sealer; a key that others can read is said on standard error.
    static func sealer(_ environment: [String: String]) throws(StoreError) -> Sealer {
        var warnings: [String] = []
        let key = try KeySource.find(in: environment).load(warnings: &warnings)
        for warning in warnings { Terminal.error("warning: \(warning)") }
        return Sealer(key)
    }

    private static func open<Result>(_ body: () throws(StoreError) -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw failure(error)
        }
    }

    /// What a store's error means for a command.
    static func failure(_ error: StoreError) -> Failure {
        switch error {
        case .ambiguous: Failure(.invalid, error.description)
        default: Failure(.unable, error.description)
        }
    }
}
