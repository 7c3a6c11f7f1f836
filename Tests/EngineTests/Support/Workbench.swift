import CEL
import Connections
import Engine
import Foundation
import Logging
import Recipe
import Schedule
import Store
import Synchronization
import Testing
import YAML

/// A workspace in a directory of its own, a store in memory, and an executor between them.
final class Workbench: Sendable {
    let root: String
    let loader: WorkspaceLoader
    let store: any Store
    let clock: any EngineClock
    let observer = Recorder()
    let redactor = Redactor()
    let transport = HTTPTransport(userAgent: "runner/test")
    let node = NodeID()

    init(
        _ files: [String: String] = [:],
        clock: any EngineClock = SystemEngineClock(),
        store: (any Store)? = nil
    ) throws {
        root = FileManager.default.temporaryDirectory.appending(path: "engine-\(UUID().uuidString)").path
        loader = WorkspaceLoader(root: root, displayRoot: "", systemZone: .utc)
        self.store = try store ?? SQLiteStore.inMemory()
        self.clock = clock
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try write("runner.yml", "env: [NAME]\n")
        for (path, text) in files { try write(path, text) }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    func write(_ path: String, _ text: String) throws {
        let url = URL(fileURLWithPath: root + "/" + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url, options: .atomic)
    }

    func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: root + "/" + path) }

    /// The workspace; a file with errors fails the test.
    func workspace(sourceLocation: SourceLocation = #_sourceLocation) -> Workspace {
        let workspace = loader.load()
        let errors = workspace.diagnostics.filter { $0.severity == .error }.map { "\($0.path): \($0.message)" }
        #expect(errors == [], sourceLocation: sourceLocation)
        return workspace
    }

    func connections() -> ConnectionManager {
        ConnectionManager(
            store: store,
            node: node,
            transport: transport,
            secrets: SecretResolver(environment: [:], workspaceRoot: root),
            redactor: redactor,
            environment: .map([:]),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func executor() -> Executor {
        Executor(
            store: store,
            connections: connections(),
            redactor: redactor,
            clock: clock,
            environment: .map([:]),
            observer: observer,
            directory: root
        )
    }

    func engine() -> Engine {
        var configuration = EngineConfiguration(
            loader: loader,
            workspace: workspace(),
            store: store,
            connections: connections(),
            redactor: redactor,
            node: node
        )
        configuration.clock = clock
        configuration.observer = observer
        configuration.environment = .map(["NAME": "value"])
        return Engine(configuration)
    }

    /// Runs the recipe with this text once.
    func run(
        _ text: String,
        inputs: [String: Value] = [:],
        handle: RunHandle = RunHandle(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> RunResult {
        try write("job.yml", text)
        let recipe = try #require(
            workspace(sourceLocation: sourceLocation).recipes["job"],
            sourceLocation: sourceLocation
        )
        let plan = RecipePlan(recipe)
        let result = try await engine().once(plan, inputs: try plan.inputs(given: inputs), handle: handle)
        #expect(result.storeError == nil, sourceLocation: sourceLocation)
        return result
    }

    /// What the store holds of a run.
    func detail(_ run: RunID) async throws -> RunDetail { try #require(try await store.run(run.text)) }
}

/// Keeps the events.
final class Recorder: EngineObserver {
    private let state = Mutex<[EngineEvent]>([])

    func observe(_ event: EngineEvent) { state.withLock { $0.append(event) } }

    var events: [EngineEvent] { state.withLock { $0 } }

    /// The lines of the verb `log`.
    var lines: [String] {
        events.compactMap { if case .log(_, _, _, let message) = $0 { message } else { nil } }
    }

    /// Waits for an event; the test's time limit is the bound.
    func wait(for isWanted: (EngineEvent) -> Bool) async throws {
        while !events.contains(where: isWanted) { try await Task.sleep(for: .milliseconds(2)) }
    }
}

extension Instant {
    /// A moment in a test.
    static func at(_ text: String) -> Instant { Instant(rfc3339: text) ?? Instant(seconds: 0) }
}
