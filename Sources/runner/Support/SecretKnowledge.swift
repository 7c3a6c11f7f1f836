import CEL
import Connections
import Logging
import Recipe
import Store

/// What a listing must hide besides what is marked in the store: a process that has sent nothing has read no secret yet.
enum SecretKnowledge {
    /// A redactor that knows the secrets of the workspace's connections and the tokens of the store; nothing is run or sent for it.
    ///
    /// A run marks the secrets that it knew. It may have left others: those of connections that it did not use.
    static func redactor(_ place: WorkspaceOptions, _ store: SQLiteStore) async throws -> Redactor {
        let location = try place.location()
        let workspace = try location.loader().loadConnections()
        let redactor = Redactor()
        let connections = manager(location, store, redactor)
        await connections.learnSecrets(of: workspace.connections.values)
        await connections.learnSecrets(of: workspace.alerts?.ownConnections ?? [])
        return redactor
    }

    /// Lets a redactor know the secrets that a run was started with, and those of its own connections, by the recipe that it ran.
    static func learn(of detail: RunDetail, _ place: WorkspaceOptions, _ store: SQLiteStore, _ redactor: Redactor)
        async throws
    {
        guard let version = detail.run.version else { return }
        let text = try await StoreAccess.asking { () async throws(StoreError) in try await store.version(version) }
        guard let text else { return }
        let location = try place.location()
        let loader = try location.loader()
        let recipe = loader.recipe(fromVersion: text, of: detail.run.fire.recipe, in: loader.loadConnections())
        let inputs = detail.inputs ?? .map([:])
        // What cannot be read tells nothing of its secrets: then all of it is one.
        guard let recipe else { return redactor.add(inputs) }
        await manager(location, store, redactor).learnSecrets(of: recipe.ownConnections)
        for secret in InputDefinition.secrets(among: recipe.inputs, in: inputs) { redactor.add(secret) }
    }

    /// The names of the connections whose tokens have these identities, as far as that can be told without running anything.
    static func connections(
        _ workspace: Workspace,
        with identities: Set<String>,
        _ location: WorkspaceLocation,
        _ store: SQLiteStore
    ) async -> Set<String> {
        let manager = manager(location, store, Redactor())
        var names: Set<String> = []
        for connection in workspace.connections.values where connection.connector.authorization.isRenewable {
            guard let identity = await manager.session(for: connection).knownIdentity() else { continue }
            if identities.contains(identity) { names.insert(connection.name) }
        }
        return names
    }

    private static func manager(
        _ location: WorkspaceLocation,
        _ store: SQLiteStore,
        _ redactor: Redactor
    ) -> ConnectionManager {
        ConnectionManager(
            store: store,
            node: NodeID(),
            transport: HTTPTransport(userAgent: "runner/\(Version.text)"),
            secrets: SecretResolver(environment: location.environment(), workspaceRoot: location.root),
            redactor: redactor,
            environment: .map(ValueMap()),
            logger: Logger(label: "runner") { _ in SwiftLogNoOpLogHandler() }
        )
    }
}
