import ArgumentParser
import CEL
import Connections
import Logging
import Recipe
import Schedule
import Store

/// `runner connections`: the accounts of a workspace.
struct Connections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections",
        abstract: "Lists connections, tests them, and looks after their tokens.",
        subcommands: [
            ListConnections.self, TestConnection.self, AuthorizeConnection.self, RefreshConnection.self,
            RevokeConnection.self, ConnectionHistory.self,
        ],
        defaultSubcommand: ListConnections.self
    )
}

/// `runner connections`: how each one stands.
struct ListConnections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the connections: state, expiry, last renewal, and who uses them."
    )

    @Flag(help: "A JSON array; times in UTC.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let location = try place.location()
        let loader = try location.loader()
        let workspace = loader.load()
        Report.show(workspace)
        let store = try StoreAccess.ifPresent(location, place.store, workspace.settings)
        let clock = SystemClock()
        let (tokens, renewals, accounts, renewing) = try await StoreAccess.asking { () async throws(StoreError) in
            (
                try await store?.tokens() ?? [], try await store?.renewals(of: nil, limit: 1_000) ?? [],
                try await store?.accounts() ?? [:], try await store?.renewing(now: clock.now()) ?? []
            )
        }
        // Of a first renewal the store knows no more than whose it is.
        let unknown = renewing.subtracting(tokens.map(\.identity))
        let beginning =
            if let store, !unknown.isEmpty {
                await SecretKnowledge.connections(workspace, with: unknown, location, store)
            } else {
                Set<String>()
            }
        let rows = workspace.connections.values.sorted { $0.name < $1.name }.map { connection in
            // The newest identity of a name is the one in use: changed fields make a new one.
            let token = tokens.filter { $0.connection == connection.name }.max { $0.acquiredAt < $1.acquiredAt }
            return Row(
                connection: connection,
                token: token,
                account: token.flatMap { accounts[$0.identity] },
                renewal: renewals.first { $0.connection == connection.name },
                isRenewing: token.map { renewing.contains($0.identity) } ?? false
                    || beginning.contains(connection.name),
                users: workspace.recipes.values.filter { $0.uses(connection.name) }.map(\.name).sorted()
            )
        }
        if json { return Terminal.out(Listing.array(rows.map(\.object))) }
        guard !rows.isEmpty else { return Terminal.errorLine("no connections in \(location.shown)") }
        let now = clock.now()
        var table = Table(["CONNECTION", "CONNECTOR", "STATE", "ACCOUNT", "EXPIRES", "LAST RENEWAL", "USED BY"])
        for row in rows {
            table.add([
                row.connection.name, row.connection.connector.name, row.state, row.account ?? "-",
                row.expiry(now), row.lastRenewal(workspace.settings.timezone), row.shownUsers,
            ])
        }
        Terminal.out(table.text)
        for row in rows {
            guard let trouble = row.trouble else { continue }
            Terminal.out("\n\(row.connection.name): \(trouble)")
        }
    }

    /// What is known of one connection.
    private struct Row {
        let connection: Connection
        let token: TokenRecord?
        let account: String?
        let renewal: RenewalRecord?
        let isRenewing: Bool
        let users: [String]

        /// A line stays a line in a workspace of a thousand recipes.
        var shownUsers: String {
            guard users.count > 5 else { return users.joined(separator: ", ") }
            return users.prefix(3).joined(separator: ", ") + " and \(users.count - 3) more"
        }

        var state: String {
            guard connection.connector.authorization.isRenewable else { return "no token needed" }
            if isRenewing { return "renewing" }
            guard let token else { return "new" }
            return switch token.state {
            case .valid: token.generation > 0 ? "valid" : "new"
            case .cooling: "cooling"
            case .needsAttention: "needs_attention"
            }
        }

        var trouble: String? {
            switch token?.state {
            case .cooling(let until, _, let message): "\(message); the next try is at \(until.rfc3339())"
            case .needsAttention(let message): message
            default: nil
            }
        }

        func expiry(_ now: Instant) -> String {
            guard let expiresAt = token?.expiresAt else { return "-" }
            let left = expiresAt - now
            guard left > .zero else { return "expired" }
            return "in " + DurationText.format(.seconds(left.components.seconds))
        }

        func lastRenewal(_ zone: Zone) -> String {
            guard let renewal else { return "-" }
            return "\(Listing.text(renewal.at, zone)) \(outcome(renewal))"
        }

        private func outcome(_ renewal: RenewalRecord) -> String {
            switch renewal.outcome {
            case .renewed: renewal.kind.rawValue
            case .failed: "\(renewal.kind.rawValue) failed"
            case .superseded: "superseded"
            }
        }

        var object: Value {
            .map(
                ValueMap([
                    ("name", .string(connection.name)),
                    ("connector", .string(connection.connector.name)),
                    ("state", .string(state)),
                    ("account", account.map(Value.string) ?? .null),
                    ("message", trouble.map(Value.string) ?? .null),
                    ("generation", .int(token?.generation ?? 0)),
                    ("acquired_at", Listing.json(token.flatMap { $0.generation > 0 ? $0.acquiredAt : nil })),
                    ("expires_at", Listing.json(token?.expiresAt)),
                    ("last_renewal", renewal.map(Listing.json) ?? .null),
                    ("used_by", .list(users.map(Value.string))),
                ])
            )
        }
    }
}

extension Recipe {
    /// Whether the recipe sends anything through the connection of a name.
    fileprivate func uses(_ name: String) -> Bool {
        connections.contains { if case .named(name, _) = $0 { true } else { false } }
    }
}
