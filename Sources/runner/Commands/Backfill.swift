import ArgumentParser
import CEL
import Connections
import Engine
import Recipe
import Schedule
import Store

/// `runner backfill`: past fire times that have no run get one.
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract:
            "Runs past fire times that have no run: missed, skipped, paused, or from before the recipe was there.",
        discussion: """
            A running `runner start`, or the next one, runs them one after another, oldest first, `catch_up_pace` apart; `run.scheduled_at` is the old \
            time. A fire time that has a run is left alone.
            """
    )

    @Argument(help: "The recipe's name.")
    var recipe: String

    @Option(help: "The first time: 2026-03-29, 2026-03-29T02:30 or RFC 3339 (default: 24 hours before --to).")
    var from: String?

    @Option(help: "The end, not included (default: now).")
    var to: String?

    @Flag(help: "Only what nobody served: not what was skipped or paused.")
    var missingOnly = false

    @Flag(help: "Only show which fire times would run.")
    var dryRun = false

    @Flag(help: "A JSON array, oldest first; times in UTC.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    /// Each try looks at the records anew; they change while a process works.
    private static let tries = 5

    func run() async throws {
        let location = try place.location()
        let workspace = try location.loader().load()
        let recipe = try workspace.recipe(named: recipe)
        guard !recipe.triggers.isEmpty else {
            throw Failure(.invalid, "\(recipe.name) has no trigger, so it has no fire times")
        }
        let now = SystemClock().now()
        let zone = recipe.triggers[0].zone
        let period = try Period.past(from: from, to: to, zone: zone, now: now)
        let store = try StoreAccess.forWriting(location, place.store, workspace.settings)
        for _ in 0..<Self.tries {
            let plan = try await plan(recipe, period, until: now, store)
            if dryRun { return show(plan, [], zone) }
            let change = plan.backfill
            let made = try await StoreAccess.asking { () async throws(StoreError) in try await store.backfill(change) }
            guard let made else { continue }
            store.notify()
            show(plan, made, zone)
            if !made.isEmpty, try await !StoreAccess.isServed(store) {
                Terminal.errorLine("no `runner start` works on this store: they wait for one")
            }
            return
        }
        throw Failure(
            .unable,
            "the records of \(recipe.name) change faster than they can be looked at; choose an older --to"
        )
    }

    private func plan(_ recipe: Recipe, _ period: Period, until now: Instant, _ store: SQLiteStore) async throws
        -> BackfillPlan
    {
        let end = min(period.to, now)
        let records = try await StoreAccess.asking { () async throws(StoreError) in
            try await store.records(of: recipe.name, from: period.from, to: end)
        }
        do {
            return try BackfillPlan(recipe, from: period.from, to: end, missingOnly ? .missing : .all, records: records)
        } catch {
            throw Failure(
                .invalid,
                "there are more than \(BackfillPlan.limit) fire times between --from and --to; choose a shorter time"
            )
        }
    }

    private func show(_ plan: BackfillPlan, _ made: [RunRecord], _ zone: Zone) {
        let runs = Dictionary(made.map { ($0.fire, $0.id) }) { first, _ in first }
        // What was pruned, or got its record a moment ago, was left alone.
        let fires = plan.fires.filter { dryRun || runs[$0.key] != nil }
        if json {
            return Terminal.out(
                Listing.array(
                    fires.map { fire in
                        .map(
                            ValueMap([
                                ("recipe", .string(fire.key.recipe)), ("trigger", .string(fire.key.trigger)),
                                ("scheduled_at", Listing.json(fire.key.scheduledAt)),
                                ("was", fire.was.map { .string($0.rawValue) } ?? .null),
                                ("run", runs[fire.key].map { .string($0.text) } ?? .null),
                            ])
                        )
                    }
                )
            )
        }
        guard !fires.isEmpty else {
            return Terminal.errorLine("every fire time in that period has its run, or none was due")
        }
        var table = Table(["SCHEDULED", "TRIGGER", "WAS", "RUN"])
        for fire in fires {
            table.add([
                Listing.text(fire.key.scheduledAt, zone), fire.key.trigger, fire.was?.rawValue ?? "-",
                runs[fire.key]?.text ?? "-",
            ])
        }
        Terminal.out(table.text)
    }
}
