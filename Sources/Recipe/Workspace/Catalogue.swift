import Synchronization
import YAML

/// The connectors and connections of a workspace, each read when it is first asked for.
///
/// `runner once` then reads only what its recipe names. A file with errors is reported once, whoever asks.
final class Catalogue: Sendable {
    /// The names of the connections, broken ones included, so that one mistake is reported once.
    let connectionNames: Set<String>
    /// The names of the connectors, built-in ones included.
    let connectorNames: Set<String>
    /// What the triggers of the recipes have in common.
    let triggers = TriggerPool()
    /// What their expressions have in common.
    let programs = ProgramPool()

    /// The files of each name: one, unless somebody made a slip.
    private let connectionPaths: [String: [String]]
    private let connectorPaths: [String: [String]]
    private let settings: WorkspaceSettings
    private let reader: SourceReader

    private struct State {
        var connectors: [String: Connector?] = [:]
        var connections: [String: Connection?] = [:]
        var reports: [String: Report] = [:]
    }

    /// What was wrong with one file.
    struct Report {
        var diagnostics: [Diagnostic]
        var source: Source?
    }

    private let state = Mutex(State())

    init(files: WorkspaceFiles, settings: WorkspaceSettings, reader: SourceReader) {
        self.settings = settings
        self.reader = reader
        connectionPaths = Dictionary(grouping: files.connections, by: WorkspaceFiles.baseName)
        connectorPaths = Dictionary(grouping: files.connectors, by: WorkspaceFiles.baseName)
        connectionNames = Set(connectionPaths.keys)
        connectorNames = Set(connectorPaths.keys).union(BuiltInConnectors.names)
    }

    /// A connector of the workspace, else a built-in one; nil when there is none or its file is broken.
    func connector(_ name: String) -> Connector? {
        if let known = state.withLock({ $0.connectors[name] }) { return known }
        var connector: Connector?
        if let path = path(of: name, in: connectorPaths, as: "connector") {
            connector = read(path) { file, node in ConnectorReader(file: file).connector(node, name: name) }
        } else {
            connector = BuiltInConnectors.connector(name)
        }
        state.withLock { $0.connectors[name] = .some(connector) }
        return connector
    }

    /// A connection; nil when there is none or its file is broken.
    func connection(_ name: String) -> Connection? {
        if let known = state.withLock({ $0.connections[name] }) { return known }
        var connection: Connection?
        if let path = path(of: name, in: connectionPaths, as: "connection") {
            connection = read(path) { file, node in
                ConnectionReader(file: file, catalogue: self).connection(node, name: name)
            }
        }
        state.withLock { $0.connections[name] = .some(connection) }
        return connection
    }

    /// The connection that a reference means; nil when its file is broken, which has been reported.
    func connection(_ reference: ConnectionReference) -> Connection? {
        switch reference {
        case .named(let name, _): connection(name)
        case .inline(let connection): connection
        }
    }

    /// Reads every file that has not been asked for, and gives all that was found.
    func loadAll() -> (connectors: [String: Connector], connections: [String: Connection]) {
        for name in connectorNames { _ = connector(name) }
        for name in connectionNames { _ = connection(name) }
        return state.withLock { ($0.connectors.compactMapValues { $0 }, $0.connections.compactMapValues { $0 }) }
    }

    /// The connections that have been asked for.
    var loadedConnections: [String: Connection] {
        state.withLock { $0.connections.compactMapValues { $0 } }
    }

    /// What was wrong, in the order of the files' paths.
    var reports: [Report] {
        state.withLock { state in state.reports.keys.sorted().compactMap { state.reports[$0] } }
    }

    /// The file of a name; nil when there is none.
    ///
    /// Of two, `a.yml` and `a.yaml`, the second is reported.
    private func path(of name: String, in paths: [String: [String]], as what: String) -> String? {
        guard let paths = paths[name] else { return nil }
        for second in paths.dropFirst() {
            let report = Diagnostic(
                code: "\(what).two-files",
                message: "the \(what) `\(name)` is in \(reader.display(paths[0])) already",
                help: "remove one of the files, or rename it",
                path: reader.display(second),
                span: nil
            )
            state.withLock { $0.reports[second] = Report(diagnostics: [report]) }
        }
        return paths.first
    }

    private func read<Result>(_ path: String, _ body: (FileReader, Node?) -> Result?) -> Result? {
        switch reader.source(path) {
        case .success(let source):
            let file = FileReader(source: source, settings: settings)
            let node = parse(source, into: file.diagnostics)
            let result = file.diagnostics.hasErrors ? nil : body(file, node)
            let isBroken = file.diagnostics.hasErrors
            state.withLock { $0.reports[path] = Report(diagnostics: file.diagnostics.sorted, source: source) }
            return isBroken ? nil : result
        case .failure(let problem):
            state.withLock { $0.reports[path] = Report(diagnostics: [problem.diagnostic]) }
            return nil
        }
    }
}
