import Connections
import Logging
import Recipe
import YAML

/// What commands about one connection begin with.
enum ConnectionAccess {
    /// Opens what the connection `name` needs, does `body` with its session, and closes everything.
    static func with<Result: Sendable>(
        _ name: String,
        _ place: WorkspaceOptions,
        _ body: (ConnectionSession, Runtime) async -> Result
    ) async throws -> Result {
        let location = try place.location()
        let loader = try location.loader()
        let workspace = loader.loadConnections()
        guard let connection = workspace.connections[name] else {
            Report.show(workspace)
            throw unknown(name, workspace, location)
        }
        let runtime = try Runtime(
            location,
            loader: loader,
            workspace: workspace,
            store: place.store,
            lifetime: .brief,
            logger: Logger(label: "runner") { _ in SwiftLogNoOpLogHandler() }
        )
        let result = await body(runtime.connections.session(for: connection), runtime)
        await runtime.close()
        return result
    }

    /// Does `body` with the session of the connection `name`; what the connection refuses is the command's failure.
    static func asking<Answer: Sendable>(
        _ name: String,
        _ place: WorkspaceOptions,
        _ body: (ConnectionSession) async throws(ConnectionError) -> Answer
    ) async throws -> Answer {
        let outcome = try await with(name, place) { session, _ -> Result<Answer, ConnectionError> in
            do throws(ConnectionError) {
                return .success(try await body(session))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let answer): return answer
        case .failure(let error): throw failure(error)
        }
    }

    static func unknown(_ name: String, _ workspace: Workspace, _ location: WorkspaceLocation) -> Failure {
        let near = Suggestion.nearest(to: name, among: workspace.connections.keys.sorted())
        let mend = near.map { "`\($0)` was probably meant" } ?? "`runner connections` lists them"
        return Failure(.invalid, "there is no valid connection `\(name)` in \(location.shown); \(mend)")
    }

    static func unknownConnector(_ name: String, _ workspace: Workspace) -> Failure {
        let near = Suggestion.nearest(to: name, among: workspace.connectors.keys.sorted())
        let mend = near.map { "`\($0)` was probably meant" } ?? "`runner connectors` lists them"
        return Failure(.invalid, "there is no connector `\(name)`; \(mend)")
    }

    /// The exit of a command whose connection refused.
    private static func failure(_ error: ConnectionError) -> Failure {
        switch error.kind {
        case .configuration: Failure(.invalid, error.message)
        case .store: Failure(.unable, error.message)
        case .cancelled: Failure(.interrupted, error.message)
        case .cooling, .needsAttention: Failure(.runFailed, error.message)
        }
    }
}
