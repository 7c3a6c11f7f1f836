import CEL
import Connections
import Foundation
import Logging
import Recipe
import Schedule
import Store
import TestSupport

/// A connection read from files, a store, and a manager: what a process has.
struct Rig {
    static let secret = "s3cr3t-Value/with+signs"

    let manager: ConnectionManager
    let session: ConnectionSession
    let store: any Store
    let redactor: Redactor
    let connection: Connection

    /// A rig of the connector `api`; `BASE` in the texts becomes the server's URL.
    static func run(
        _ server: ScriptedServer,
        connector: String? = connector(),
        connection: String = connection(),
        environment: [String: String] = ["SECRET": secret],
        clock: any WallClock = SystemClock(),
        store: (any Store)? = nil,
        _ body: (Rig) async throws -> Void
    ) async throws {
        let store = try store ?? SQLiteStore.inMemory()
        let connection = try load(
            connector: connector?.replacing("BASE", with: server.baseURL),
            connection: connection.replacing("BASE", with: server.baseURL)
        )
        let redactor = Redactor()
        let manager = ConnectionManager(
            store: store,
            node: NodeID(),
            transport: HTTPTransport(userAgent: "runner/test"),
            secrets: SecretResolver(environment: environment, workspaceRoot: "/"),
            redactor: redactor,
            environment: [:],
            clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let rig = Rig(
            manager: manager,
            session: manager.session(for: connection),
            store: store,
            redactor: redactor,
            connection: connection
        )
        do {
            try await body(rig)
        } catch {
            await manager.shutdown()
            throw error
        }
        await manager.shutdown()
    }

    /// The connection `api` of a workspace with these two files; without a connector it names a built-in one.
    static func load(connector: String?, connection: String) throws -> Connection {
        let root = FileManager.default.temporaryDirectory.appending(path: "connections-\(UUID())")
        defer { try? FileManager.default.removeItem(at: root) }
        for (name, text) in [("connectors/api.yml", connector), ("connections/api.yml", connection)] {
            guard let text else { continue }
            let file = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let workspace = WorkspaceLoader(root: root.path, systemZone: .utc).load()
        guard let connection = workspace.connections["api"] else {
            throw LoadFailure(description: "\(workspace.diagnostics)")
        }
        return connection
    }

    struct LoadFailure: Error, CustomStringConvertible {
        let description: String
    }

    /// A connector with a token; further lines go under `authorization:`.
    static func connector(
        refreshOn: String = "[401]",
        refresh: Bool = false,
        apply: String = "{ headers: { Authorization: \"Bearer ${{ connection.access_token }}\" } }",
        extra: String = ""
    ) -> String {
        """
        fields:
          - { name: client_id, default: me }
          - { name: client_secret, optional: false, control_type: password }
          - { name: base_url }
        authorization:
          type: custom_auth
          acquire:
            post: /token
            form: { grant_type: client_credentials, client_secret: "${{ connection.client_secret }}" }
        \(refresh ? "  refresh: { post: /token, form: { grant_type: refresh_token, refresh_token: \"${{ connection.refresh_token }}\" } }" : "")
          \(refreshOn.isEmpty ? "" : "refresh_on: \(refreshOn)")
          apply: \(apply)
          \(extra)
        base_uri: ${{ connection.base_url }}
        """
    }

    static func connection(extra: String = "") -> String {
        """
        connector: api
        fields: { client_secret: { env: SECRET }, base_url: BASE }
        \(extra)
        """
    }

    func get(_ url: String = "/me") async throws -> Response {
        try await session.send(PreparedRequest(.get, url))
    }

    /// The failure of a request that must fail.
    func failure(_ request: PreparedRequest = PreparedRequest(.get, "/me")) async -> RequestFailure? {
        do {
            _ = try await session.send(request)
            return nil
        } catch {
            return error
        }
    }

    /// Sends so many requests at once; the statuses that came.
    func storm(_ count: Int, _ url: String = "/me") async -> [Int: Int] {
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<count {
                group.addTask { (try? await session.send(PreparedRequest(.get, url)))?.status ?? 0 }
            }
            var result: [Int: Int] = [:]
            for await status in group { result[status, default: 0] += 1 }
            return result
        }
    }
}
