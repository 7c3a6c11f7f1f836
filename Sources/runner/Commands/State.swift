import ArgumentParser
import CEL
import Connections
import Foundation
import Recipe
import Schedule
import Store

/// `runner state`: what recipes remember.
struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Shows and changes what a recipe remembers for its next run (its cursor).",
        subcommands: [GetState.self, SetState.self, RewindState.self, MoveState.self]
    )
}

/// `runner state get`.
struct GetState: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Prints a recipe's state as JSON; null when it has none."
    )

    @OptionGroup var arguments: RecipeArguments

    func run() async throws {
        let states = try await RecipeStates(arguments.place)
        let name = arguments.recipe
        try await states.mustKnow(name)
        let store = states.store
        let state = try await StoreAccess.asking { () async throws(StoreError) in try await store.state(of: name) }
        Terminal.out(try await states.hiding(state).json(pretty: true))
    }
}

/// `runner state set`.
struct SetState: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Gives a recipe another state; `null` removes it. What it had can be brought back with `rewind`."
    )

    @OptionGroup var arguments: RecipeArguments

    @Argument(help: "The state as JSON; `-` reads standard input.")
    var json: String

    @Flag(help: "Also while a run of the recipe is going.")
    var force = false

    func run() async throws {
        let text = json == "-" ? FileHandle.standardInput.readDataToEndOfFile() : Data(json.utf8)
        let state: Value
        do {
            state = try Value(json: [UInt8](text))
        } catch {
            throw Failure(
                .invalid,
                "the state is no JSON: line \(error.line), column \(error.column): \(error.message); write for example '{\"since\": \"2026-01-01\"}'"
            )
        }
        let (states, recipe) = (try await RecipeStates(arguments.place), arguments.recipe)
        try await states.mustKnow(recipe)
        try await states.change(recipe, .set(state == .null ? nil : state), force: force)
    }
}

/// `runner state rewind`.
struct RewindState: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rewind",
        abstract: "Brings back the state that a recipe had before, so that its next run does the same again.",
        discussion:
            "Each rewind goes one state back; the last \(StateVersion.limit) are kept, those that were left behind too."
    )

    @OptionGroup var arguments: RecipeArguments

    @Option(name: .customLong("to"), help: "The state that this run left: its id, or the beginning of it.")
    var run: String?

    @Flag(help: "Only list the states that are kept, newest first.")
    var list = false

    @Flag(help: "With --list: a JSON array.")
    var json = false

    @Flag(help: "Also while a run of the recipe is going.")
    var force = false

    func run() async throws {
        let (states, recipe) = (try await RecipeStates(arguments.place), arguments.recipe)
        try await states.mustKnow(recipe)
        let versions = try await states.versions(of: recipe)
        if list { return try await show(versions, of: recipe, states) }
        guard let prefix = run else { return try await states.change(recipe, .previous, force: force) }
        let left = Set(versions.compactMap(\.run).filter { $0.text.hasPrefix(prefix.lowercased()) })
        guard let run = left.first, left.count == 1 else {
            let problem =
                left.isEmpty ? "no state that a run \(prefix) left is kept" : "several runs begin with \(prefix)"
            throw Failure(.invalid, "\(problem); `runner state rewind \(recipe) --list` shows them")
        }
        try await states.change(recipe, .left(by: run), force: force)
    }

    private func show(_ versions: [StateVersion], of recipe: String, _ states: RecipeStates) async throws {
        var objects: [Value] = []
        var table = Table(["", "SINCE", "RUN", "STATE"])
        for version in versions {
            let state = try await states.hiding(version.state.map { MarkedValue($0, secrets: version.secrets) })
            objects.append(
                .map(
                    ValueMap([
                        ("run", version.run.map { .string($0.text) } ?? .null), ("at", Listing.json(version.at)),
                        ("current", .bool(version.isCurrent)), ("state", state),
                    ])
                )
            )
            table.add([
                version.isCurrent ? "*" : "", Listing.text(version.at, states.zone), version.run?.text ?? "-",
                state.json(),
            ])
        }
        if json { return Terminal.out(Listing.array(objects)) }
        guard !versions.isEmpty else { return Terminal.errorLine("\(recipe) has had no state yet") }
        Terminal.out(table.text)
    }
}

/// `runner state move`.
struct MoveState: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move",
        abstract: "Gives the state of a recipe to another one: after a rename, which makes a new recipe."
    )

    @Argument(help: "The name that the recipe had.")
    var old: String

    @Argument(help: "The name that it has now.")
    var new: String

    @Flag(help: "Also over a state that the new one has, and while a run is going.")
    var force = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let states = try await RecipeStates(place)
        try await states.mustKnow(new)
        let (store, old, new, force) = (states.store, old, new, force)
        let outcome = try await StoreAccess.asking { () async throws(StoreError) in
            try await store.moveState(from: old, to: new, force: force)
        }
        switch outcome {
        case .changed: Terminal.errorLine("\(new) has the state of \(old)")
        case .unknown: throw Failure(.invalid, "\(old) has no state")
        case .occupied: throw Failure(.invalid, "\(new) has a state of its own; --force replaces it")
        case .busy(let run): throw RecipeStates.busy(run)
        }
    }
}

/// The states of a workspace's recipes, as the commands work with them.
struct RecipeStates {
    let store: SQLiteStore
    let zone: Zone
    private let place: WorkspaceOptions

    init(_ place: WorkspaceOptions) async throws {
        let location = try place.location()
        let settings = try location.loader().settings()
        store = try StoreAccess.forWriting(location, place.store, settings)
        zone = settings.timezone
        self.place = place
    }

    /// A name must be that of a recipe, or of one that is gone but has left a state.
    func mustKnow(_ recipe: String) async throws {
        guard try await versions(of: recipe).isEmpty else { return }
        // Read only now: there may be very many.
        _ = try place.location().loader().load().recipe(named: recipe)
    }

    func versions(of recipe: String) async throws -> [StateVersion] {
        let store = store
        return try await StoreAccess.asking { () async throws(StoreError) in try await store.stateVersions(of: recipe) }
    }

    /// Changes a state, and says which it is now.
    func change(_ recipe: String, _ edit: StateEdit, force: Bool) async throws {
        let (store, now) = (store, SystemClock().now())
        let outcome = try await StoreAccess.asking { () async throws(StoreError) in
            try await store.changeState(of: recipe, edit, force: force, now: now)
        }
        switch outcome {
        case .changed(nil): Terminal.errorLine("\(recipe) has no state now")
        case .changed:
            let state = try await StoreAccess.asking { () async throws(StoreError) in
                try await store.state(of: recipe)
            }
            Terminal.errorLine("the state of \(recipe) is now \(try await hiding(state).json())")
        case .busy(let run): throw Self.busy(run)
        case .unknown, .occupied:
            throw Failure(
                .invalid,
                "no earlier state of \(recipe) is kept; `runner state rewind \(recipe) --list` shows them"
            )
        }
    }

    /// A state as it may be shown.
    func hiding(_ state: MarkedValue?) async throws -> Value {
        guard let state else { return .null }
        let redactor = try await SecretKnowledge.redactor(place, store)
        redactor.add(state.secrets, foundIn: "the state")
        let shown = redactor.redact(state.value)
        if shown != state.value { Terminal.errorLine("a secret in it is hidden; do not set it so") }
        return shown
    }

    static func busy(_ run: RunID) -> Failure {
        Failure(
            .invalid,
            "run \(run) is going, and would leave a state of its own; wait for its end, `runner cancel \(run)`, or --force"
        )
    }
}
