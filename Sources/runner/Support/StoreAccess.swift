import Recipe
import Schedule
import Store

/// Opens the store that a command means.
enum StoreAccess {
    /// The store for a listing: it must be there, and nothing is written.
    static func forReading(_ options: WorkspaceOptions, directory: String? = nil) throws -> SQLiteStore {
        let location = try options.location(directory: directory)
        let settings = try location.loader().settings()
        return try open { () throws(StoreError) in
            try SQLiteStore.openForReading(
                at: location.storePath(options.store, settings: settings),
                sealer: try sealer(location)
            )
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
        try open { () throws(StoreError) in
            try SQLiteStore.open(
                at: location.storePath(option, settings: settings),
                sealer: try sealer(environment),
                isBrief: isBrief
            )
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

    private static func sealer(_ location: WorkspaceLocation) throws(StoreError) -> Sealer {
        try sealer(location.environment())
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
