import CEL
import Connections
import Engine
import Sandbox
import Store
import Testing

/// Serves the sandbox while a test runs, with a workspace whose connection `api` leads there.
func withAPI(
    _ configuration: SandboxConfiguration = SandboxConfiguration(),
    clock: any EngineClock = SystemEngineClock(),
    _ body: @Sendable (Workbench, Sandbox) async throws -> Void
) async throws {
    let sandbox = Sandbox(configuration)
    try await sandbox.serve { address in
        let bench = try Workbench(
            [
                "connections/api.yml": "connector: none\nbase_uri: \(address.baseURL)\n",
                "connections/digest.yml":
                    "connector: digest\nbase_uri: \(address.baseURL)\nfields: { username: demo, password: demo-secret }\n",
                "connections/auth.yml": """
                connector: oauth2_client_credentials
                base_uri: \(address.baseURL)
                fields:
                  token_url: \(address.baseURL)/oauth/token
                  client_id: demo-client
                  client_secret: demo-secret

                """,
            ],
            clock: clock
        )
        do {
            try await body(bench, sandbox)
        } catch {
            await bench.transport.shutdown()
            throw error
        }
        await bench.transport.shutdown()
    }
}

extension RunResult {
    /// The output's member at a path of keys.
    func output(_ path: String...) -> Value? { output?[path: path] }
}
