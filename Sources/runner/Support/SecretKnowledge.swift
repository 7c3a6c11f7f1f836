import CEL
import Connections
import Logging
import Recipe
import Store

/// What a listing must hide: a process that has sent nothing has read no secret yet.
enum SecretKnowledge {
    /// A redactor that knows the workspace's secrets and the tokens of the store; nothing is run or sent for it.
    static func redactor(_ place: WorkspaceOptions, _ store: SQLiteStore) async throws -> Redactor {
        let location = try place.location()
        let workspace = try location.loader().loadConnections()
        let redactor = Redactor()
        let connections = ConnectionManager(
            store: store,
            node: NodeID(),
            transport: HTTPTransport(userAgent: "runner/\(Version.text)"),
            secrets: SecretResolver(environment: location.environment(), workspaceRoot: location.root),
            redactor: redactor,
            environment: .map(ValueMap()),
            logger: Logger(label: "runner") { _ in SwiftLogNoOpLogHandler() }
        )
        await connections.learnSecrets(of: workspace.connections.values)
        return redactor
    }
}
