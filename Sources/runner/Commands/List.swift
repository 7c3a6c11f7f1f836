import ArgumentParser
import CEL
import Connections
import Recipe
import Schedule
import Store

/// `runner list`: the recipes, when they fire next, and how the last run ended.
struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists recipes, their next fire and their last status."
    )

    @Flag(help: "A JSON array; times in UTC.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let location = try place.location()
        let workspace = try location.loader().load()
        Report.show(workspace)
        let recipes = workspace.recipes.values.sorted { $0.name < $1.name }
        let store = try StoreAccess.ifPresent(location, place.store, workspace.settings)
        let names = recipes.map(\.name)
        let last = try await StoreAccess.asking { () async throws(StoreError) in
            try await store?.lastRuns(of: names) ?? [:]
        }
        let pauses = try await StoreAccess.asking { () async throws(StoreError) in
            try await store?.pauses(after: nil) ?? []
        }
        let paused = Dictionary(pauses.map { ($0.recipe, $0) }) { _, last in last }
        let alarms = try await StoreAccess.asking { () async throws(StoreError) in try await store?.alarms() ?? [] }
        let raised = Dictionary(grouping: alarms.filter { $0.key.kind != .needsAttention }, by: \.key.subject)
        let now = SystemClock().now()
        if json {
            return Terminal.out(
                Listing.array(
                    recipes.map { object($0, next($0, now), last[$0.name], paused[$0.name], raised[$0.name] ?? []) }
                )
            )
        }
        guard !recipes.isEmpty else { return Terminal.errorLine("no recipes in \(location.shown)") }
        var table = Table(["RECIPE", "SCHEDULE", "NEXT", "LAST", "STATUS"])
        for recipe in recipes {
            let next = next(recipe, now)
            let run = last[recipe.name]
            table.add([
                recipe.name, schedule(recipe),
                paused[recipe.name]?.reason ?? next.map { Listing.text($0.at, $0.trigger.zone) } ?? "-",
                Listing.text(run?.fire.scheduledAt, workspace.settings.timezone), run?.status.rawValue ?? "-",
            ])
        }
        Terminal.out(table.text)
    }

    private func next(_ recipe: Recipe, _ now: Instant) -> (at: Instant, trigger: Trigger)? {
        guard recipe.isEnabled else { return nil }
        return recipe.triggers.filter(\.isEnabled)
            .compactMap { trigger in trigger.next(after: now).map { (at: $0, trigger: trigger) } }
            .min { $0.at < $1.at }
    }

    private func schedule(_ recipe: Recipe) -> String {
        if !recipe.isEnabled { return "disabled" }
        return recipe.triggers.isEmpty ? "-" : recipe.triggers.map(\.text).joined(separator: ", ")
    }

    private func object(
        _ recipe: Recipe,
        _ next: (at: Instant, trigger: Trigger)?,
        _ run: RunRecord?,
        _ pause: PauseRecord?,
        _ alarms: [AlarmRecord]
    ) -> Value {
        .map(
            ValueMap([
                ("recipe", .string(recipe.name)), ("path", .string(recipe.path)),
                ("description", recipe.description.map(Value.string) ?? .null),
                ("enabled", .bool(recipe.isEnabled)),
                ("schedules", .list(recipe.triggers.map { .string($0.text) })),
                ("next_at", Listing.json(next?.at)),
                ("paused", pause.map(pauseObject) ?? .null),
                ("alarms", .list(alarms.map(alarmObject))),
                ("last", run.map(Listing.json) ?? .null),
            ])
        )
    }

    private func pauseObject(_ pause: PauseRecord) -> Value {
        .map(
            ValueMap([
                ("since", Listing.json(pause.since)), ("note", pause.note.map(Value.string) ?? .null),
            ])
        )
    }

    private func alarmObject(_ alarm: AlarmRecord) -> Value {
        .map(
            ValueMap([
                ("kind", .string(alarm.key.kind.rawValue)), ("since", Listing.json(alarm.since)),
                ("message", .string(alarm.message)), ("count", alarm.count.map { .int(Int64($0)) } ?? .null),
            ])
        )
    }
}
