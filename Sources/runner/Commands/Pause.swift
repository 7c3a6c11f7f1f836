import ArgumentParser
import Connections
import Recipe
import Schedule
import Store

/// `runner pause`: no fires of a recipe until `runner unpause`.
struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pauses a recipe: its fires are recorded as paused, and none of them is caught up.",
        discussion: "Runs that are going end as usual. `runner once` and `runner trigger` run a paused recipe too."
    )

    @Argument(help: "The recipe's name.")
    var recipe: String

    @Option(help: "Why; every record of the pause shows it.")
    var note: String?

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let location = try place.location()
        let workspace = try location.loader().load()
        // Of a file with a mistake its last valid version may be in force, and fire.
        let name = workspace.brokenRecipes.contains(recipe) ? recipe : try workspace.recipe(named: recipe).name
        let store = try StoreAccess.forWriting(location, place.store, workspace.settings)
        let (note, now) = (note, SystemClock().now())
        let pause = try await StoreAccess.asking { () async throws(StoreError) in
            try await store.pause(name, note: note, now: now)
        }
        store.notify()
        Terminal.errorLine(
            "\(name) is paused since \(Listing.text(pause.since, workspace.settings.timezone)); `runner unpause \(name)` ends it"
        )
    }
}

/// `runner unpause`: ends a pause.
struct Unpause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpause",
        abstract: "Ends the pause of a recipe; what fell into it stays paused."
    )

    @Argument(help: "The recipe's name.")
    var recipe: String

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let location = try place.location()
        let workspace = try location.loader().load()
        let store = try StoreAccess.forWriting(location, place.store, workspace.settings)
        let (name, now) = (recipe, SystemClock().now())
        let ended = try await StoreAccess.asking { () async throws(StoreError) in
            try await store.unpause(name, now: now)
        }
        guard let ended else {
            // The name may be that of a recipe that is gone; a typo is told from it.
            if !workspace.brokenRecipes.contains(name) { _ = try workspace.recipe(named: name) }
            return Terminal.errorLine("\(name) is not paused")
        }
        store.notify()
        Terminal.errorLine("\(name) was paused since \(Listing.text(ended.since, workspace.settings.timezone))")
    }
}
