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
        let store = try StoreAccess.forReading(place)
        let query = RunQuery(recipe: recipe, statuses: try statuses(), limit: limit)
        let runs = try await StoreAccess.asking { () async throws(StoreError) in try await store.runs(query) }
        if json { return Terminal.out(Listing.array(runs.map(Listing.json))) }
        guard !runs.isEmpty else { return Terminal.errorLine("no runs yet") }
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
