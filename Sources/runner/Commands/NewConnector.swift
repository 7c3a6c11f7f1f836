import ArgumentParser
import Foundation
import Recipe

/// `runner connectors new NAME --from BUILTIN`: a copy to change.
struct NewConnector: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Copies a connector into the workspace, to change it there."
    )

    @Argument(help: "The new connector's name.")
    var name: String

    @Option(help: "The connector to begin with; `runner connectors` lists them.")
    var from: String

    @OptionGroup var place: WorkspaceOptions

    func run() throws {
        let location = try place.location()
        guard !name.isEmpty, !name.hasPrefix("."), !name.hasPrefix("_"), !name.contains("/") else {
            throw Failure(.invalid, "`\(name)` is no name for a connector: it becomes a file's name")
        }
        let workspace = try location.loader().loadConnections()
        guard let original = workspace.connectors[from] else {
            throw ConnectionAccess.unknownConnector(from, workspace)
        }
        let directory = location.root + "/connectors"
        let path = "\(directory)/\(name).yml"
        guard !FileManager.default.fileExists(atPath: path) else {
            throw Failure(.invalid, "\(location.shown)/connectors/\(name).yml is there already; choose another name")
        }
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try Data(original.text.utf8).write(to: URL(filePath: path), options: .withoutOverwriting)
        } catch {
            throw Failure(.unable, "\(path) cannot be written: \(error.localizedDescription)")
        }
        Terminal.out("connectors/\(name).yml")
        Terminal.errorLine("a connection uses it with `connector: \(name)`")
    }
}
