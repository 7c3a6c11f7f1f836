import ArgumentParser
import CEL
import Connections
import Recipe
import Schedule
import Store

/// `runner connections history NAME`: its renewals.
struct ConnectionHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Lists a connection's renewals, newest first: when, why, how long, and what came of it."
    )

    @Argument(help: "The connection's name.")
    var name: String

    @Option(name: [.customShort("n"), .long], help: "At most so many.")
    var limit = 20

    @Flag(help: "A JSON array; times in UTC.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        guard limit > 0 else { throw Failure(.invalid, "--limit must be at least 1") }
        let location = try place.location()
        let workspace = try location.loader().loadConnections()
        let store = try StoreAccess.ifPresent(location, place.store, workspace.settings)
        let name = name
        let limit = limit
        let renewals = try await StoreAccess.asking { () async throws(StoreError) in
            try await store?.renewals(of: name, limit: limit) ?? []
        }
        if renewals.isEmpty, workspace.connections[name] == nil {
            throw ConnectionAccess.unknown(name, workspace, location)
        }
        if json { return Terminal.out(Listing.array(renewals.map(Listing.json))) }
        guard !renewals.isEmpty else { return Terminal.errorLine("`\(name)` has never been renewed") }
        var table = Table(["AT", "WHY", "HOW", "TOOK", "OUTCOME"])
        for renewal in renewals {
            table.add([
                Listing.text(renewal.at, workspace.settings.timezone), renewal.reason.rawValue, renewal.kind.rawValue,
                Listing.text(renewal.duration), Self.outcome(renewal.outcome),
            ])
        }
        Terminal.out(table.text)
    }

    private static func outcome(_ outcome: RenewalOutcome) -> String {
        switch outcome {
        case .renewed(let generation): "generation \(generation)"
        case .failed(let message): "failed: \(message)"
        case .superseded: "superseded by another process"
        }
    }
}
