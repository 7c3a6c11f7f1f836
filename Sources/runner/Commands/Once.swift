import ArgumentParser
import CEL
import Connections
import Engine
import Foundation
import Glibc
import Logging
import Recipe
import Schedule
import Store

/// `runner once`: one ad-hoc run.
struct Once: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "once",
        abstract: "Runs a recipe now: progress on stderr, its output as JSON on stdout."
    )

    @Argument(help: "The recipe's file.")
    var file: String

    @OptionGroup var inputs: InputOptions

    @Flag(help: "Keep no record: no history, no stored token, no cursor.")
    var ephemeral = false

    @Flag(help: "Do not commit the recipe's state (its cursor).")
    var noState = false

    @Flag(help: "Print the requests that would be sent, secrets masked, and send nothing.")
    var dryRun = false

    @Flag(help: "With --dry-run: the requests as JSON.")
    var json = false

    @Option(help: "Write a test (NAME.test.yml) of this run into a directory: what servers answered, secrets hidden.")
    var record: String?

    @OptionGroup var place: WorkspaceOptions

    func validate() throws {
        if json, !dryRun { throw ValidationError("--json goes with --dry-run; the output of a run is JSON anyway") }
        if record != nil, dryRun { throw ValidationError("a dry run gets no answers that --record could keep") }
    }

    /// What to do with a file of a workspace that is no recipe.
    private static func noRecipe(_ file: String, in location: WorkspaceLocation) -> String? {
        let path = WorkspaceLocation.absolute(file)
        let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        switch WorkspaceFiles.kind(of: path, inWorkspace: location.root) {
        case .recipe: return nil
        case .test: return "\(file) is a test, not a recipe; `runner test \(file)` runs it"
        case .connection: return "\(file) is a connection, not a recipe; `runner connections test \(name)` tries it"
        case .connector: return "\(file) is a connector, not a recipe; `runner validate \(file)` checks it"
        case .settings:
            return "\(file) holds the workspace's settings, not a recipe; `runner validate \(file)` checks it"
        }
    }

    func run() async throws {
        // Beside what follows, where there is a core for it.
        if !dryRun, sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1 { Task.detached { await HTTPTransport.warmUp() } }
        guard access(file, R_OK) == 0 else { throw Failure(.invalid, UnreadableFile(at: file).sentence(file)) }
        let location = try place.location(ofFile: file)
        if let problem = Self.noRecipe(file, in: location) { throw Failure(.invalid, problem) }
        let loader = try location.loader()
        let (workspace, recipe) = loader.load(recipe: WorkspaceLocation.absolute(file))
        Report.show(workspace)
        guard workspace.isValid, let recipe else { throw ExitCode(Failure.Code.invalid.rawValue) }
        let plan = RecipePlan(recipe)
        let inputs = try inputs.value(for: plan)
        let recording = record.map { _ in RunRecording() }
        let runtime = try Runtime(
            location,
            loader: loader,
            workspace: workspace,
            store: place.store,
            lifetime: dryRun ? .preview : ephemeral ? .ephemeral : .brief,
            logger: Logger(label: "runner") { _ in SwiftLogNoOpLogHandler() },
            interceptor: recording?.recorder
        )
        if dryRun { return try await preview(plan, inputs: inputs, runtime) }
        let handle = RunHandle()
        let signals = Signals { _ in handle.cancel(.person) }
        defer { signals.cancel() }
        let engine = runtime.engine(observer: ProgressObserver())
        let begin = SystemEngineClock().now()
        let state = recording == nil ? .null : try await Self.state(of: recipe, runtime)
        let fields = recording == nil ? ValueMap() : await RunRecording.fields(of: workspace, runtime.connections)
        let result = try await StoreAccess.asking { () async throws(StoreError) in
            try await engine.once(plan, inputs: inputs, commitsState: !noState, handle: handle)
        }
        await runtime.close()
        if let recording, let record {
            let path = try recording.write(
                recipe,
                file: WorkspaceLocation.absolute(file),
                inputs: inputs,
                state: state,
                fields: fields,
                result,
                runtime.redactor,
                into: record,
                at: begin.rfc3339()
            )
            Terminal.errorLine("recorded in \(path)")
        }
        try RunOutput.show(result, runtime.redactor)
    }

    private static func state(of recipe: Recipe, _ runtime: Runtime) async throws -> Value {
        let store = runtime.store
        let state = try await StoreAccess.asking { () async throws(StoreError) in
            try await store.state(of: recipe.name)
        }
        guard let state else { return .null }
        runtime.redactor.add(state.secrets, foundIn: "the state")
        return state.value
    }

    /// `runner once FILE` and nothing else, as crontabs have it; nil for any other arguments.
    ///
    /// The parser's reflection would be a sixth of all that such a run computes.
    static func plain(_ arguments: [String]) -> Once? {
        guard arguments.count == 2, arguments[0] == configuration.commandName, !arguments[1].hasPrefix("-") else {
            return nil
        }
        var command = Once()
        command.file = arguments[1]
        command.inputs = .none
        command.ephemeral = false
        command.noState = false
        command.dryRun = false
        command.json = false
        command.record = nil
        command.place = WorkspaceOptions.none
        return command
    }

    private func preview(_ plan: RecipePlan, inputs: Value, _ runtime: Runtime) async throws {
        let engine = runtime.engine(observer: SilentObserver())
        let preview = try await StoreAccess.asking { () async throws(StoreError) in
            try await engine.preview(plan, inputs: inputs)
        }
        await runtime.close()
        let report = PreviewReport(preview)
        Terminal.out(json ? report.json : report.text)
        if let error = preview.error { throw Failure(.runFailed, error.description) }
    }
}
