import ArgumentParser
import CEL
import Recipe
import Schedule
import Store

/// `runner runs`: history.
struct Runs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Lists runs, and fire times that got no run."
    )

    @Argument(help: "Only this recipe's.")
    var recipe: String?

    @Option(
        help: "Only these statuses, separated by commas: \(RunStatus.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var status: String?

    @Option(name: [.short, .long], help: "At most so many, the newest.")
    var limit = 50

    @Flag(help: "A JSON array, newest first; times in UTC.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        guard limit > 0 else { throw Failure(.invalid, "--limit must be at least 1") }
        let query = RunQuery(recipe: recipe, statuses: try statuses(), limit: limit)
        let store = try store()
        var runs: [RunRecord] = []
        if let store {
            runs = try await StoreAccess.asking { () async throws(StoreError) in try await store.runs(query) }
        }
        if runs.isEmpty, let recipe { try await mustKnow(recipe, store) }
        if json { return Terminal.out(Listing.array(runs.map(Listing.json))) }
        guard !runs.isEmpty else {
            if store != nil { Terminal.errorLine(status == nil ? "no runs yet" : "no such runs") }
            return
        }
        let zone = (try? Zone.system()) ?? .utc
        var table = Table(["RUN", "RECIPE", "STATUS", "SCHEDULED", "LATE", "TOOK", "REASON"])
        for run in runs {
            let took = run.finishedAt.flatMap { end in run.startedAt.map { end - $0 } }
            table.add([
                run.id.text, run.fire.recipe, run.status.rawValue, Listing.text(run.fire.scheduledAt, zone),
                Listing.text(run.lateness), Listing.text(took), reason(run),
            ])
        }
        Terminal.out(table.text)
    }

    /// The store; nil, and a word of it, where nothing has run yet.
    ///
    /// One that is named must be there.
    private func store() throws -> SQLiteStore? {
        guard place.store == nil else { return try StoreAccess.forReading(place) }
        let location = try place.location()
        let settings = try location.loader().settings()
        if let store = try StoreAccess.forReadingIfPresent(location, nil, settings) { return store }
        Terminal.errorLine("no runs yet: there is no store at \(location.storePath(nil, settings: settings))")
        return nil
    }

    /// A recipe that is not there any more may have left runs; a name that never was any is a slip.
    private func mustKnow(_ recipe: String, _ store: SQLiteStore?) async throws {
        guard recipe != Recipe.alertName else { return }
        if let store {
            let query = RunQuery(recipe: recipe, limit: 1)
            let known = try await StoreAccess.asking { () async throws(StoreError) in try await store.runs(query) }
            guard known.isEmpty else { return }
        }
        let workspace = try place.location().loader().load()
        if !workspace.brokenRecipes.contains(recipe) { _ = try workspace.recipe(named: recipe) }
    }

    private func reason(_ run: RunRecord) -> String {
        guard let count = run.missedCount, count > 1 else { return run.reason ?? "" }
        return "\(count) fire times: \(run.reason ?? "")"
    }

    private func statuses() throws -> Set<RunStatus>? {
        guard let status else { return nil }
        return try Set(
            status.split(separator: ",").map { word in
                guard let status = RunStatus(rawValue: String(word)) else {
                    let all = RunStatus.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Failure(.invalid, "there is no status `\(word)`; write one of \(all)")
                }
                return status
            }
        )
    }
}
