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
        let outcome = try await ConnectionAccess.with(name, place) {
            session,
            _ -> Result<ConnectionStatus, ConnectionError> in
            do throws(ConnectionError) {
                try await session.renew()
                _ = try? await session.learnAccount()
                return .success(try await session.status())
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let status):
            let expiry = status.expiresAt.map { ", expires \($0.rfc3339())" } ?? ""
            Terminal.out("\(name): renewed (generation \(status.generation)\(expiry))")
        case .failure(let error): throw ConnectionAccess.failure(error)
        }
    }
}
