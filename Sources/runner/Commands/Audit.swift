import ArgumentParser
import CEL
import Connections
import Engine
import Recipe
import Schedule
import Store

/// `runner audit`: every fire time that a trigger asked for beside the record that it ended in.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Compares the fire times that triggers asked for with the records of what became of them.",
        discussion: "Exit code 1 when a fire time has no record, or more than one."
    )

    @Argument(help: "Only this recipe's; its fire times are listed one by one.")
    var recipe: String?

    @Option(help: "From this time on (default: 24 hours before --to).")
    var from: String?

    @Option(help: "Up to, and without, this time (default: now).")
    var to: String?

    @Flag(help: "A JSON array, one object for each trigger; times in UTC.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let location = try place.location()
        let loader = try location.loader()
        let workspace = loader.load()
        Report.show(workspace)
        let zone = workspace.settings.timezone
        let now = SystemClock().now()
        let period = try Period.past(from: from, to: to, zone: zone, now: now)
        let store = try StoreAccess.forReading(place)
        let recipe = recipe
        let histories = try await StoreAccess.asking { () async throws(StoreError) in
            try await store.triggerHistories(of: recipe)
        }
        if let recipe, histories.isEmpty { _ = try workspace.recipe(named: recipe) }
        let rules = RuleBook(workspace, loader: loader, store: store)
        var auditor = FireAuditor(store, rules: rules, from: period.from, to: period.to, now: now)
        var report = AuditReport(zone: zone, form: json ? .json : .text, listsFires: recipe != nil)
        for history in histories {
            report.begin(history.key)
            do throws(StoreError) {
                report.end(try await auditor.audit(history) { report.add($0) })
            } catch {
                throw StoreAccess.failure(error)
            }
        }
        report.finish(period, unseen: histories.isEmpty)
        guard report.isProven else { throw ExitCode(Failure.Code.runFailed.rawValue) }
    }
}
