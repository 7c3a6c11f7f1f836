import ArgumentParser
import Connections
import Schedule

/// `runner connections refresh NAME`: renews the token now.
struct RefreshConnection: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Renews a connection's token now, and ends `needs_attention`."
    )

    @Argument(help: "The connection's name.")
    var name: String

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let status = try await ConnectionAccess.asking(name, place) { session throws(ConnectionError) in
            try await session.renew()
            _ = try? await session.learnAccount()
            return try await session.status()
        }
        let expiry = status.expiresAt.map { ", expires \($0.rfc3339())" } ?? ""
        Terminal.out("\(name): renewed (generation \(status.generation)\(expiry))")
    }
}
