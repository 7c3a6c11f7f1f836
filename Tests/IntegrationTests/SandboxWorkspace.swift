import CEL
import Foundation
import Sandbox

/// Files of a workspace whose connection `api` leads to a sandbox.
enum SandboxWorkspace {
    static let connection = """
        connector: oauth2_client_credentials
        fields:
          base_url: { env: SANDBOX_URL }
          token_url: /oauth/token
          client_id: demo-client
          client_secret: { env: CLIENT_SECRET }
        test: { get: /api/v5/me }
        """

    /// Calls `body` with a sandbox and a program that works in a workspace of these files.
    static func serve<Result: Sendable>(
        _ files: [String: String],
        _ configuration: SandboxConfiguration = SandboxConfiguration(),
        _ body: @Sendable (Sandbox, Program, TemporaryDirectory) async throws -> Result
    ) async throws -> Result {
        let sandbox = Sandbox(configuration)
        return try await sandbox.serve { address in
            var files = files
            files["connections/api.yml"] = connection
            let directory = try TemporaryDirectory(files)
            let environment = ["SANDBOX_URL": address.baseURL, "CLIENT_SECRET": "demo-secret"]
            return try await body(sandbox, Program(in: directory.path, environment), directory)
        }
    }
}

/// Runs as `runner runs --json` lists them.
func runs(_ program: Program, limit: Int = 100_000) async throws -> [Value] {
    try await program.run("runs", "--json", "--limit", "\(limit)").json.items
}

/// The fires that a list of runs holds more than once.
func doubles(_ runs: [Value]) -> [String] {
    let fires = runs.map {
        "\($0["recipe"]?.string ?? "") \($0["trigger"]?.string ?? "") \($0["scheduled_at"]?.string ?? "")"
    }
    return Dictionary(grouping: fires) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
}
