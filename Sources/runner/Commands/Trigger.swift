import ArgumentParser
import Connections
import Engine
import Recipe
import Schedule
import Store
import YAML

/// `runner trigger`: a run now, by the process that is running.
struct TriggerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger",
        abstract: "Lets the running `runner start` run a recipe now; prints the run's id.",
        discussion:
            "The run starts beside others of its recipe, and in a pause too. Without a running process nothing is asked (exit 3)."
    )

    @Argument(help: "The recipe's name.")
    var recipe: String

    @OptionGroup var inputs: InputOptions

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let location = try place.location()
        let workspace = try location.loader().load()
        let recipe = try workspace.recipe(named: recipe)
        let inputs = try inputs.value(for: RecipePlan(recipe))
        let store = try StoreAccess.forWriting(location, place.store, workspace.settings)
        guard try await StoreAccess.isServed(store) else {
            throw Failure(
                .unable,
                "no `runner start` works on this store, so nobody would run \(recipe.name); start one, or run it here: `runner once \(recipe.path)`"
            )
        }
        let now = SystemClock().now()
        let run = RunRecord(
            fire: FireKey(recipe: recipe.name, trigger: TriggerName.manual, scheduledAt: now),
            status: .queued,
            cause: .person,
            version: recipe.version
        )
        let outcome = try await StoreAccess.asking { () async throws(StoreError) in
            try await store.save([RecipeVersion(hash: recipe.version, source: recipe.text)], now: now)
            return try await store.claim([ClaimRequest(run: run, overlap: .allow, inputs: inputs)]).first
        }
        guard case .claimed = outcome else {
            // Only another request in the same microsecond could have taken it.
            throw Failure(.unable, "the run could not be recorded; try again")
        }
        store.notify()
        Terminal.out(run.id.text)
    }
}
