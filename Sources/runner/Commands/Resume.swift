import ArgumentParser
import Engine
import Recipe
import Store

/// `runner resume`: a run goes on after its last checkpoint.
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Goes on with a run that was interrupted, cancelled, or failed, after its last completed action.",
        discussion: """
            It is the same run, of the recipe as it was then, with the present connections; the action that failed is done again. It runs in this process:
            progress on stderr, the output as JSON on stdout.
            """
    )

    @Argument(help: "The run's id, or its beginning.")
    var run: String

    @Flag(help: "Do again what was in flight when the process died, although it may have taken effect.")
    var redo = false

    @Flag(help: "Do not commit the recipe's state (its cursor).")
    var noState = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let past = try await PastRun(run, place)
        let (run, engine) = (past.detail.run, past.engine)
        let (obstacle, isOld) = try await StoreAccess.asking { () async throws(StoreError) in
            (try await engine.obstacle(toResuming: run), try await engine.hasSuccessor(run))
        }
        if let obstacle { throw Failure(.invalid, "run \(run.id) cannot go on: \(obstacle)") }
        if !redo, let unknown = past.detail.actions.first(where: { past.plan.hasUnknownOutcome($0) }) {
            let name = unknown.index.isEmpty ? "`\(unknown.path)`" : "`\(unknown.path)` item \(unknown.index)"
            throw Failure(
                .invalid,
                "run \(run.id) cannot go on: \(name) was in flight, and may have taken effect; see what became of it, then add --redo to do it again"
            )
        }
        let commitsState = !noState && !isOld
        if !noState, isOld, past.plan.recipe.state != nil {
            Terminal.errorLine("a later run has left its state already; this one leaves none")
        }
        let redo = redo
        try await past.perform { engine, handle async throws(StoreError) in
            try await engine.resume(
                past.detail,
                past.plan,
                commitsState: commitsState,
                redoesUnknown: redo,
                handle: handle
            )
        }
    }
}

/// `runner rerun`: what a run did, once more.
struct Rerun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerun",
        abstract: "Runs once more what a run ran: the same recipe text, the same inputs, as a new run.",
        discussion: "It runs in this process: progress on stderr, the output as JSON on stdout."
    )

    @Argument(help: "The run's id, or its beginning.")
    var run: String

    @Option(help: "Begin with this action, and take over the results of those before it.")
    var from: String?

    @Flag(help: "Do not commit the recipe's state (its cursor).")
    var noState = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let past = try await PastRun(run, place)
        let (detail, plan) = (past.detail, past.plan)
        var repetition = Repetition(of: detail.run.id)
        if let from {
            guard let checkpoints = plan.checkpoints(of: detail.actions, before: from) else {
                let names = plan.actionNames.map { "`\($0)`" }.joined(separator: ", ")
                throw Failure(.invalid, "there is no action `\(from)` among the recipe's own: it has \(names)")
            }
            repetition.checkpoints = checkpoints
        }
        let (commitsState, repeating) = (!noState, repetition)
        try await past.perform { engine, handle async throws(StoreError) in
            try await engine.once(
                plan,
                inputs: detail.inputs ?? plan.defaultInputs,
                commitsState: commitsState,
                repeating: repeating,
                handle: handle
            )
        }
    }
}
