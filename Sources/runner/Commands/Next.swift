import ArgumentParser
import CEL
import Connections
import Recipe
import Schedule

/// `runner next`: the coming fire times.
struct Next: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Shows the coming fire times, in each trigger's zone."
    )

    @Argument(help: "Only this recipe's.")
    var recipe: String?

    @Option(name: .short, help: "How many.")
    var n = 10

    @Flag(help: "A JSON array; times in UTC.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() throws {
        guard n > 0 else { throw Failure(.invalid, "-n must be at least 1") }
        let workspace = try place.location().loader().load()
        Report.show(workspace)
        let recipes = try selected(workspace)
        let now = SystemClock().now()
        var fires: [(at: Instant, recipe: Recipe, trigger: Trigger)] = []
        for recipe in recipes where recipe.isEnabled {
            for trigger in recipe.triggers where trigger.isEnabled {
                var instant = now
                for _ in 0..<n {
                    guard let next = trigger.next(after: instant) else { break }
                    fires.append((next, recipe, trigger))
                    instant = next
                }
            }
        }
        fires.sort { ($0.at, $0.recipe.name) < ($1.at, $1.recipe.name) }
        let coming = fires.prefix(n)
        if json {
            return Terminal.out(
                Listing.array(
                    coming.map { fire in
                        .map(
                            ValueMap([
                                ("recipe", .string(fire.recipe.name)), ("trigger", .string(fire.trigger.id)),
                                ("schedule", .string(fire.trigger.text)), ("scheduled_at", Listing.json(fire.at)),
                                ("timezone", .string(fire.trigger.zone.name)),
                                ("local", .string(fire.at.rfc3339(in: fire.trigger.zone))),
                            ])
                        )
                    }
                )
            )
        }
        guard !coming.isEmpty else { return Terminal.errorLine("nothing is scheduled") }
        var table = Table(["FIRES", "ZONE", "RECIPE", "SCHEDULE"])
        for fire in coming {
            table.add([
                fire.at.rfc3339(in: fire.trigger.zone), fire.trigger.zone.name, fire.recipe.name, fire.trigger.text,
            ])
        }
        Terminal.out(table.text)
    }

    private func selected(_ workspace: Workspace) throws -> [Recipe] {
        guard let recipe else { return workspace.recipes.values.sorted { $0.name < $1.name } }
        return [try workspace.recipe(named: recipe)]
    }
}
