import ArgumentParser
import CEL
import Connections
import Engine
import Recipe
import Schedule
import Store

/// `runner explain`: why a recipe did, or did not, run at a time.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says in one sentence why a recipe did, or did not, run at a time, with the rule that applied."
    )

    @Argument(help: "The recipe.")
    var recipe: String

    @Option(help: "The time: 2026-03-29T02:30 or 02:30 in the trigger's zone, or RFC 3339 (default: the newest fire).")
    var at: String?

    @Flag(help: "One JSON object, with an entry for each trigger; times in UTC.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let location = try place.location()
        let workspace = try location.loader().load()
        let recipe = try workspace.recipe(named: recipe)
        let store = try StoreAccess.ifPresent(location, place.store, workspace.settings)
        let now = SystemClock().now()
        let explainer = FireExplainer(store, now: now)
        // Read once for all, so that a mistake in it is reported before anything is asked.
        let asked = try at.map {
            try TimeArgument($0, option: "--at", today: workspace.settings.timezone.wallTime(at: now))
        }
        let answers = try await StoreAccess.asking { () async throws(StoreError) in
            guard let asked else { return [try await explainer.explainNewest(recipe)] }
            return try await explainer.explain(recipe) { zone in asked.asked(in: zone) }
        }
        guard let answer = answers.first else { return }
        guard !json else { return Terminal.out(object(answer, answers).json()) }
        Terminal.out(answer.sentence)
    }

    private func object(_ answer: Explanation, _ all: [Explanation]) -> Value {
        .map(
            ValueMap(
                [("recipe", .string(recipe))] + members(answer)
                    + [("triggers", .list(all.filter { $0.trigger != nil }.map { .map(ValueMap(members($0))) }))]
            )
        )
    }

    private func members(_ answer: Explanation) -> [(String, Value)] {
        [
            ("verdict", .string(answer.verdict.rawValue)), ("sentence", .string(answer.sentence)),
            ("trigger", answer.trigger.map { .string($0.id) } ?? .null),
            ("schedule", answer.trigger.map { .string($0.text) } ?? .null),
            ("timezone", answer.trigger.map { .string($0.zone.name) } ?? .null),
            ("fire_time", Listing.json(answer.fireTime)),
            ("before", Listing.json(answer.nearest.before)), ("after", Listing.json(answer.nearest.after)),
            ("run", answer.run.map(Listing.json) ?? .null),
        ]
    }
}
