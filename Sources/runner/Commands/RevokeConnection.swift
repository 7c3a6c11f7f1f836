import ArgumentParser
import Connections

/// `runner connections revoke NAME`: gives the token back (RFC 7009).
struct RevokeConnection: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Tells the server that a connection's token is void (RFC 7009), and forgets it."
    )

    @Argument(help: "The connection's name.")
    var name: String

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let outcome = try await ConnectionAccess.with(name, place) {
            session,
            _ -> Result<Revocation, ConnectionError> in
            do throws(ConnectionError) {
                return .success(try await session.revoke())
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(.revoked): Terminal.out("\(name): revoked")
        case .success(.forgotten):
            Terminal.out("\(name): forgotten here; the server was not told, because the connector says no way to")
        case .success(.nothing): Terminal.out("\(name): there is no token")
        case .failure(let error): throw ConnectionAccess.failure(error)
        }
    }
}
