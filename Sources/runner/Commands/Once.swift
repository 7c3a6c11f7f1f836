import ArgumentParser
import CEL
import Connections
import Engine
import Foundation
import Logging
import Recipe
import Store

/// `runner once`: one ad-hoc run.
struct Once: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "once",
        abstract: "Runs a recipe now: progress on stderr, its output as JSON on stdout."
    )

    @Argument(help: "The recipe's file.")
    var file: String

    @Option(name: .long, help: "An input, as name=value; may be given several times.")
    var input: [String] = []

    @Option(help: "A JSON file with the inputs; --input overrides it.")
    var inputFile: String?

    @Flag(help: "Keep no record: no history, no stored token, no cursor.")
    var ephemeral = false

    @Flag(help: "Do not commit the recipe's state (its cursor).")
    var noState = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        // Beside what follows, where there is a core for it.
        if sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1 { Task.detached { await HTTPTransport.warmUp() } }
        guard access(file, R_OK) == 0 else { throw Failure(.invalid, "there is no file \(file) to read") }
        let location = try place.location(ofFile: file)
        let loader = try location.loader()
        let (workspace, recipe) = loader.load(recipe: WorkspaceLocation.absolute(file))
        Report.show(workspace)
        guard workspace.isValid, let recipe else { throw ExitCode(Failure.Code.invalid.rawValue) }
        let plan = RecipePlan(recipe)
        let inputs = try inputs(plan)
        let runtime = try Runtime(
            location,
            loader: loader,
            workspace: workspace,
            store: place.store,
            lifetime: ephemeral ? .ephemeral : .brief,
            logger: Logger(label: "runner") { _ in SwiftLogNoOpLogHandler() }
        )
        let handle = RunHandle()
        let signals = Signals { _ in handle.cancel(.person) }
        defer { signals.cancel() }
        let engine = runtime.engine(observer: ProgressObserver())
        let result = try await StoreAccess.asking { () async throws(StoreError) in
            try await engine.once(plan, inputs: inputs, commitsState: !noState, handle: handle)
        }
        await runtime.close()
        try finish(result, runtime.redactor)
    }

    /// `runner once FILE` and nothing else, as crontabs have it; nil for any other arguments.
    ///
    /// The parser's reflection costs more than loading the recipe and opening the store together.
    static func plain(_ arguments: [String]) -> Once? {
        guard arguments.count == 2, arguments[0] == configuration.commandName, !arguments[1].hasPrefix("-") else {
            return nil
        }
        var command = Once()
        command.file = arguments[1]
        command.input = []
        command.inputFile = nil
        command.ephemeral = false
        command.noState = false
        command.place = WorkspaceOptions.none
        return command
    }

    private func finish(_ result: RunResult, _ redactor: Redactor) throws {
        if let error = result.storeError { throw StoreAccess.failure(error) }
        switch result.status {
        case .succeeded:
            Terminal.out(redactor.redact(result.output ?? .null).json())
        case .cancelled:
            throw Failure(.interrupted, "run \(result.run) was cancelled")
        default:
            let reason = result.error?.description ?? result.reason ?? result.status.rawValue
            throw Failure(.runFailed, reason)
        }
    }

    private func inputs(_ plan: RecipePlan) throws -> Value {
        var given: [String: Value] = [:]
        if let inputFile {
            guard let data = FileManager.default.contents(atPath: inputFile) else {
                throw Failure(.invalid, "there is no file \(inputFile) to read")
            }
            guard case .map(let map)? = try? Value(json: [UInt8](data)) else {
                throw Failure(.invalid, "\(inputFile) is no JSON object; write {\"name\": value, …}")
            }
            for entry in map { given[entry.key.text] = entry.value }
        }
        for pair in input {
            guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
                throw Failure(.invalid, "--input \(pair) is not of the form name=value")
            }
            let name = String(pair[..<equals])
            let text = String(pair[pair.index(after: equals)...])
            guard let definition = plan.recipe.inputs.first(where: { $0.name == name }) else {
                given[name] = .string(text)
                continue
            }
            guard let value = definition.value(fromText: text) else {
                throw Failure(
                    .invalid,
                    "the input `\(name)` must be of type \(definition.kind.rawValue), not `\(text)`"
                )
            }
            given[name] = value
        }
        do {
            return try plan.inputs(given: given)
        } catch {
            throw Failure(.invalid, error.description)
        }
    }
}
