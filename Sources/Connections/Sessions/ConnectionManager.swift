public import CEL
public import Logging
public import Recipe
public import Store
import Synchronization

/// All connections of the process.
public final class ConnectionManager: Sendable {
    private struct State {
        var sessions: [String: (reading: Connection.Reading, key: DefinitionKey, session: ConnectionSession)] = [:]
        var keepers: [String: TokenKeeper] = [:]
    }

    /// The session of actions that name no connection: whole URLs, no credential, no limits.
    public let directSession: ConnectionSession

    private let transport: HTTPTransport
    private let secrets: SecretResolver
    private let redactor: Redactor
    private let services: ConnectionSession.Services
    private let substitute: (@Sendable (Connection) -> Connection)?
    private let state: Keeping

    /// The mutable part, which the sessions' services share.
    private final class Keeping: Sendable {
        let state = Mutex(State())
    }

    /// A manager.
    ///
    /// - Parameters:
    ///   - node: who this process is to others that use the same store.
    ///   - environment: `env` of connectors' expressions.
    ///   - substitute: gives the connection that is used in place of one.
    public init(
        store: any Store,
        node: NodeID,
        transport: HTTPTransport,
        secrets: SecretResolver,
        redactor: Redactor,
        environment: Value,
        clock: any WallClock = SystemClock(),
        logger: Logger,
        substitute: (@Sendable (Connection) -> Connection)? = nil
    ) {
        self.transport = transport
        self.substitute = substitute
        self.secrets = secrets
        self.redactor = redactor
        let keeping = Keeping()
        state = keeping
        let keeperServices = TokenKeeper.Services(store: store, node: node, clock: clock, logger: logger)
        services = ConnectionSession.Services(
            courier: Courier(transport: transport, clock: clock, redactor: redactor),
            environment: environment,
            clock: clock,
            keeper: { identity, connection, renewer in
                keeping.state.withLock { state in
                    if let keeper = state.keepers[identity] { return (keeper, isNew: false) }
                    let keeper = TokenKeeper(
                        identity: identity,
                        connection: connection,
                        services: keeperServices,
                        renewer: renewer
                    )
                    state.keepers[identity] = keeper
                    return (keeper, isNew: true)
                }
            },
            store: store,
            resolver: secrets
        )
        let direct = Definition()
        directSession = ConnectionSession(
            direct,
            fields: FieldValues(direct, resolver: secrets, redactor: redactor),
            limits: RequestLimits(rate: nil, concurrency: nil),
            services: services
        )
    }

    /// The session of a connection; the same one as long as its file says the same.
    public func session(for connection: Connection) -> ConnectionSession {
        // What an action asks each time; to compare what two readings say costs more than many a request.
        let known = state.state.withLock { state in
            state.sessions[connection.name].flatMap { $0.reading === connection.reading ? $0.session : nil }
        }
        if let known { return known }
        let reading = connection.reading
        let connection = substitute?(connection) ?? connection
        let key = DefinitionKey(connection)
        return state.state.withLock { state in
            let present = state.sessions[connection.name]
            if let present, present.key == key {
                state.sessions[connection.name]?.reading = reading
                return present.session
            }
            let definition = Definition(connection)
            let limits =
                present.map(\.session.limits).flatMap { limits in
                    limits.isSame(rate: connection.rateLimit, concurrency: connection.maxConcurrency) ? limits : nil
                } ?? RequestLimits(rate: connection.rateLimit, concurrency: connection.maxConcurrency)
            let session = ConnectionSession(
                definition,
                fields: FieldValues(definition, resolver: secrets, redactor: redactor),
                limits: limits,
                services: services
            )
            state.sessions[connection.name] = (reading, key, session)
            return session
        }
    }

    /// Takes care of tokens that nobody uses: a refresh token that would die of idleness is used in time (`refresh_token_expires_in`).
    ///
    /// Sends nothing now, and reads no secret; connections without a stored token stay as they are.
    public func keepAlive(_ connections: some Sequence<Connection>) async {
        for connection in connections where connection.connector.authorization.refresh != nil {
            // Its fields may not be readable now; then there is nothing that could be kept alive either.
            _ = try? await session(for: connection).keeper().currentToken()
        }
    }

    /// Tells the redactor what can be known without running or sending anything: secret fields that are no command, and stored tokens.
    public func learnSecrets(of connections: some Sequence<Connection>) async {
        for connection in connections { await session(for: connection).learnSecrets() }
    }

    /// Drops the sessions of connections that are gone; those that stay keep theirs.
    public func forget(except names: Set<String>) {
        state.state.withLock { state in
            state.sessions = state.sessions.filter { names.contains($0.key) }
        }
    }

    /// Waits for renewals that are going on, so that no token is lost, and closes all connections.
    public func shutdown() async {
        let keepers = state.state.withLock { Array($0.keepers.values) }
        for keeper in keepers { await keeper.stop() }
        await transport.shutdown()
    }
}
