import CEL
import Connections
import Engine
import Logging
import Recipe
import Store

/// What commands that send requests are put together from.
struct Runtime {
    /// How long a command lives, and its store with it.
    enum Lifetime {
        /// It runs until it is told to stop.
        case service
        /// It ends with what it runs.
        case brief
        /// As `brief`, and the store is gone with it.
        case ephemeral
        /// It looks at what is stored, where something is, and changes nothing.
        case preview
    }

    private let lifetime: Lifetime
    let location: WorkspaceLocation
    let loader: WorkspaceLoader
    let workspace: Workspace
    let store: SQLiteStore
    let redactor: Redactor
    let connections: ConnectionManager
    let environment: Value
    let node: NodeID

    /// Opens the store and prepares the connections; nothing is sent.
    init(
        _ location: WorkspaceLocation,
        loader: WorkspaceLoader,
        workspace: Workspace,
        store option: String?,
        lifetime: Lifetime,
        logger: Logger,
        interceptor: (any RequestInterceptor)? = nil
    ) throws {
        self.lifetime = lifetime
        self.location = location
        self.loader = loader
        self.workspace = workspace
        let variables = location.environment()
        store =
            switch lifetime {
            case .service, .brief:
                try StoreAccess.forWriting(
                    location,
                    option,
                    workspace.settings,
                    environment: variables,
                    isBrief: lifetime == .brief
                )
            case .ephemeral: try StoreAccess.ephemeral()
            case .preview:
                try StoreAccess.forReadingIfPresent(location, option, workspace.settings) ?? StoreAccess.ephemeral()
            }
        redactor = Redactor()
        node = NodeID()
        environment = .map(
            ValueMap(workspace.settings.environmentNames.map { ($0, variables[$0].map(Value.string) ?? .null) })
        )
        let widest = workspace.connections.values.compactMap(\.maxConcurrency).max() ?? 0
        connections = ConnectionManager(
            store: store,
            node: node,
            transport: HTTPTransport(
                userAgent: "runner/\(Version.text)",
                connectionsPerHost: max(HTTPTransport.defaultConnectionsPerHost, widest),
                interceptor: interceptor
            ),
            secrets: SecretResolver(environment: variables, workspaceRoot: location.root),
            redactor: redactor,
            environment: environment,
            logger: logger
        )
    }

    /// The engine of this process.
    func engine(observer: any EngineObserver) -> Engine { Engine(configuration(observer: observer)) }

    /// What the engine of this process works with.
    func configuration(observer: any EngineObserver) -> EngineConfiguration {
        var configuration = EngineConfiguration(
            loader: loader,
            workspace: workspace,
            store: store,
            connections: connections,
            redactor: redactor,
            node: node
        )
        configuration.environment = environment
        configuration.observer = observer
        return configuration
    }

    /// Ends what is open, so that no renewal is lost.
    func close() async {
        await connections.shutdown()
        guard lifetime == .service else { return store.abandon() }
        do {
            try store.close()
        } catch {
            // All that was reported is durable; only the log's last write-back is left to the next process.
            Terminal.error("warning: \(error)")
        }
    }
}
