import ArgumentParser
import Recipe
import Sandbox
import Schedule

/// `runner sandbox`: an OAuth2 server and an API to try things on.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Serves a small OAuth2 server and API on 127.0.0.1, until SIGTERM or SIGINT.",
        discussion: "Client demo-client, secret demo-secret. What it counted is at /_stats."
    )

    @Option(help: "The port; 0 takes any that is free.")
    var port = 8643

    @Option(help: "How long an access token lives.")
    var tokenLifetime = "1h"

    @Flag(help: "Each refresh gives a new refresh token, and a spent one that comes again revokes all.")
    var rotate = false

    @Option(help: "How long the token endpoint takes.")
    var tokenLatency = "0s"

    @Option(help: "How many issues there are.")
    var items = 100

    @Option(help: "How many issues a page holds.")
    var perPage = 20

    func run() async throws {
        let configuration = SandboxConfiguration(
            port: port,
            tokenLifetime: try duration(tokenLifetime, "--token-lifetime"),
            rotate: rotate,
            tokenLatency: try duration(tokenLatency, "--token-latency"),
            items: items,
            perPage: perPage
        )
        let sandbox = Sandbox(configuration)
        let serving = Task {
            try await sandbox.run { address in
                Terminal.out(
                    "sandbox on \(address.baseURL)  (client demo-client, secret demo-secret; counts at \(address.baseURL)/_stats)"
                )
            }
        }
        let signals = Signals { _ in serving.cancel() }
        defer { signals.cancel() }
        do {
            try await serving.value
        } catch SandboxError.invalidSetting(let name, let allowed) {
            throw Failure(.invalid, "\(Self.option(name)) must be \(allowed)")
        } catch let error as SandboxError {
            throw Failure(.unable, error.description)
        }
    }

    /// `--per-page` for the setting `perPage`.
    private static func option(_ setting: String) -> String {
        setting.reduce(into: "--") { $0 += $1.isUppercase ? "-\($1.lowercased())" : String($1) }
    }

    private func duration(_ text: String, _ option: String) throws -> Duration {
        do {
            return try DurationText.parse(text)
        } catch {
            throw Failure(.invalid, "\(option): \(error.message)" + (error.help.map { "; \($0)" } ?? ""))
        }
    }
}
