import ArgumentParser
import CEL
import Foundation
import Recipe
import YAML

/// `runner validate`: every problem of a workspace or of single files, with place and mend.
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks recipes, connections and connectors."
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Argument(help: "Files or directories (default: the workspace).")
    var paths: [String] = []

    @Option(help: "text for people, json for programs.")
    var format = Format.text

    @Flag(help: "The same as --format json.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() throws {
        var diagnostics: [Diagnostic] = []
        var sources: [String: Source] = [:]
        var recipes = 0
        for (location, file) in try targets() {
            let loader = try location.loader()
            if let file, WorkspaceFiles.isTest(file) {
                let tests = loader.loadTests(file)
                diagnostics.append(contentsOf: tests.diagnostics)
                sources.merge(tests.sources) { first, _ in first }
                continue
            }
            let workspace: Workspace
            if let file {
                workspace = loader.load(recipe: file).workspace
            } else {
                workspace = loader.load()
                for test in WorkspaceFiles(root: location.root).tests {
                    let tests = loader.loadTests(test)
                    // What is wrong with its recipe is said there.
                    diagnostics.append(contentsOf: tests.diagnostics.filter { $0.path == tests.path })
                    sources.merge(tests.sources) { first, _ in first }
                }
            }
            diagnostics.append(contentsOf: workspace.diagnostics)
            diagnostics.append(contentsOf: fieldWarnings(workspace, location, isWhole: file == nil))
            sources.merge(workspace.sources) { first, _ in first }
            recipes += workspace.recipes.count
            diagnostics.append(contentsOf: location.dotEnvWarnings)
        }
        // Of what recipes share, such as those that they call, each of them tells.
        var told: Set<Diagnostic> = []
        diagnostics = diagnostics.filter { told.insert($0).inserted }
        switch json ? .json : format {
        case .json: Terminal.out(Listing.array(diagnostics.map(Listing.json)))
        case .text:
            let colour = Terminal.allowsColour(1)
            for diagnostic in diagnostics {
                Terminal.out(diagnostic.rendered(in: sources[diagnostic.path], colour: colour))
            }
            let problems = Report.summary(diagnostics)
            Terminal.errorLine(
                "\(recipes) valid recipe\(recipes == 1 ? "" : "s")\(problems.isEmpty ? "" : ", " + problems)"
            )
        }
        if diagnostics.contains(where: { $0.severity == .error }) { throw ExitCode(Failure.Code.invalid.rawValue) }
    }

    /// What is to be said of the fields of a workspace's connections, or of those that its recipes use.
    private func fieldWarnings(
        _ workspace: Workspace,
        _ location: WorkspaceLocation,
        isWhole: Bool
    ) -> [Diagnostic] {
        let report = FieldSourceReport(location)
        let recipes = workspace.recipes.values.sorted { $0.name < $1.name }
        let used = Set(
            recipes.flatMap(\.connections).compactMap { if case .named(let name, _) = $0 { name } else { nil } }
        )
        let named = workspace.connections.values.filter { isWhole || used.contains($0.name) }
        let connections = named.sorted { $0.name < $1.name } + recipes.flatMap(\.ownConnections)
        return connections.flatMap(report.warnings).map { warning in
            var warning = warning
            // A secret on the same line has a warning of its own, which knows where it stands.
            warning.hidden = workspace.diagnostics.filter {
                $0.path == warning.path && $0.span?.start.line == warning.span?.start.line
            }.flatMap(\.hidden)
            return warning
        }
    }

    /// What the arguments mean: whole workspaces, or single recipes of them.
    private func targets() throws -> [(WorkspaceLocation, String?)] {
        guard !paths.isEmpty else { return [(try place.location(), nil)] }
        return try paths.flatMap { path in
            let absolute = WorkspaceLocation.absolute(path)
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: absolute, isDirectory: &isDirectory) else {
                throw Failure(.invalid, "there is no file \(path)")
            }
            if isDirectory.boolValue { return targets(inDirectory: absolute) }
            let location = try place.location(ofFile: path)
            let kind = WorkspaceFiles.kind(of: absolute, inWorkspace: location.root)
            // A connection or connector has no meaning alone: its workspace is checked.
            return [(location, kind == .recipe || kind == .test ? absolute : nil)]
        }
    }

    /// A workspace, or the recipes and tests in a directory of one, which mean nothing without its connections.
    private func targets(inDirectory directory: String) -> [(WorkspaceLocation, String?)] {
        let location = WorkspaceLocation(root: WorkspaceFiles.root(of: directory + "/x"))
        switch WorkspaceFiles.kind(of: directory + "/x", inWorkspace: location.root) {
        case .recipe, .test: break
        case .settings, .connector, .connection: return [(location, nil)]
        }
        guard location.root != directory else { return [(location, nil)] }
        let files = WorkspaceFiles(root: directory)
        return (files.recipes + files.tests).map { (location, "\(directory)/\($0)") }
    }
}
