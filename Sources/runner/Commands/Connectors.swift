import ArgumentParser
import CEL
import Recipe

/// `runner connectors`: how APIs authenticate, built in and in the workspace.
struct Connectors: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connectors",
        abstract: "Lists connectors, and prints one to copy.",
        subcommands: [ListConnectors.self, ShowConnector.self, NewConnector.self],
        defaultSubcommand: ListConnectors.self
    )

    /// `runner connectors`.
    struct ListConnectors: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the connectors.")

        @Flag(help: "A JSON array.")
        var json = false

        @OptionGroup var place: WorkspaceOptions

        func run() throws {
            let workspace = try place.location().loader().loadConnections()
            Report.show(workspace)
            let connectors = workspace.connectors.values.sorted { $0.name < $1.name }
            if json {
                return Terminal.out(
                    Listing.array(
                        connectors.map { connector in
                            .map(
                                ValueMap([
                                    ("name", .string(connector.name)),
                                    ("title", connector.title.map(Value.string) ?? .null),
                                    ("path", connector.path.map(Value.string) ?? .null),
                                    ("fields", .list(connector.fields.map { .string($0.name) })),
                                ])
                            )
                        }
                    )
                )
            }
            var table = Table(["CONNECTOR", "FROM", "TITLE", "FIELDS"])
            for connector in connectors {
                table.add([
                    connector.name, connector.path ?? "built in", connector.title ?? "",
                    connector.fields.map { $0.isOptional || $0.defaultValue != nil ? "[\($0.name)]" : $0.name }
                        .joined(separator: " "),
                ])
            }
            Terminal.out(table.text)
        }
    }

    /// `runner connectors show NAME`.
    struct ShowConnector: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Prints a connector's file.")

        @Argument(help: "The connector's name.")
        var name: String

        @OptionGroup var place: WorkspaceOptions

        func run() throws {
            let workspace = try place.location().loader().loadConnections()
            guard let connector = workspace.connectors[name] else {
                throw ConnectionAccess.unknownConnector(name, workspace)
            }
            Terminal.out(connector.text.hasSuffix("\n") ? String(connector.text.dropLast()) : connector.text)
        }
    }
}
