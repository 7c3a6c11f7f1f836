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
        let revocation = try await ConnectionAccess.asking(name, place) { session throws(ConnectionError) in
            try await session.revoke()
        }
        switch revocation {
        case .revoked: Terminal.out("\(name): revoked")
        case .forgotten:
            Terminal.out("\(name): forgotten here; the server was not told, because the connector says no way to")
        case .nothing: Terminal.out("\(name): there is no token")
        }
    }
}
