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

    /// One coming fire.
    private struct Fire {
        let at: Instant
        let recipe: Recipe
        let trigger: Trigger
    }

    func run() throws {
        guard n > 0 else { throw Failure(.invalid, "-n must be at least 1") }
        let workspace = try place.location().loader().load()
        Report.show(workspace)
        let recipes = try selected(workspace)
        let now = SystemClock().now()
        let coming = fires(of: recipes, after: now)
        if json { return Terminal.out(Listing.array(coming.map { object($0, now) })) }
        guard !coming.isEmpty else { return Terminal.errorLine(reason(recipes)) }
        var table = Table(["FIRES", "ZONE", "IN", "RECIPE", "SCHEDULE"])
        for fire in coming {
            let trigger = fire.trigger
            let jitter = trigger.jitter > .zero ? " (starts up to \(DurationText.format(trigger.jitter)) later)" : ""
            table.add([
                fire.at.rfc3339(in: trigger.zone), trigger.zone.name, RelativeTime.text(fire.at, from: now),
                fire.recipe.name, trigger.text + jitter,
            ])
        }
        Terminal.out(table.text)
    }

    private func fires(of recipes: [Recipe], after now: Instant) -> [Fire] {
        var fires: [Fire] = []
        for recipe in recipes where recipe.isEnabled {
            for trigger in recipe.triggers where trigger.isEnabled {
                let times = trigger.schedule.instants(after: now, in: trigger.bounds).prefix(n)
                fires += times.map { Fire(at: $0, recipe: recipe, trigger: trigger) }
            }
        }
        fires.sort { ($0.at, $0.recipe.name) < ($1.at, $1.recipe.name) }
        return Array(fires.prefix(n))
    }

    private func object(_ fire: Fire, _ now: Instant) -> Value {
        let trigger = fire.trigger
        return .map(
            ValueMap([
                ("recipe", .string(fire.recipe.name)), ("trigger", .string(trigger.id)),
                ("schedule", .string(trigger.text)), ("scheduled_at", Listing.json(fire.at)),
                ("timezone", .string(trigger.zone.name)), ("local", .string(fire.at.rfc3339(in: trigger.zone))),
                ("offset_s", .int(Int64(trigger.zone.offset(at: fire.at)))),
                ("in_s", .double(Listing.milliseconds(fire.at - now) / 1_000)),
                ("jitter_s", .double(Listing.milliseconds(trigger.jitter) / 1_000)),
            ])
        )
    }

    /// Why nothing is coming.
    private func reason(_ recipes: [Recipe]) -> String {
        guard recipe != nil, let recipe = recipes.first else { return "nothing is scheduled" }
        if recipe.triggers.isEmpty { return "\(recipe.name) has no trigger: only a person starts it" }
        if !recipe.isEnabled { return "\(recipe.name) is disabled (`enabled: false`)" }
        if !recipe.triggers.contains(where: \.isEnabled) {
            return "the triggers of \(recipe.name) are disabled (`enabled: false`)"
        }
        return "\(recipe.name) has no fire time any more: its `end` has passed"
    }

    private func selected(_ workspace: Workspace) throws -> [Recipe] {
        guard let recipe else { return workspace.recipes.values.sorted { $0.name < $1.name } }
        return [try workspace.recipe(named: recipe)]
    }
}
