import ArgumentParser
import CEL
import Connections
import Engine
import Recipe
import Schedule

/// `runner simulate`: what would fire over a period.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Shows what would fire over a period, when it is busiest, and what it asks of each connection.",
        discussion: "Nothing is run and nothing is sent."
    )

    @Argument(help: "The workspace's directory.")
    var directory: String?

    @Option(help: "From this time on (default: now).")
    var from: String?

    @Option(help: "Up to, and without, this time (default: 24 hours after --from).")
    var to: String?

    @Flag(help: "One JSON object; times in UTC.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    /// Twenty years: what is longer is a slip, and would take long.
    private static let longest = Duration.seconds(20 * 366 * 86_400)

    func run() throws {
        let workspace = try place.location(directory: directory).loader().load()
        Report.show(workspace)
        let zone = workspace.settings.timezone
        let period = try Period.coming(
            from: from,
            to: to,
            zone: zone,
            now: SystemClock().now(),
            length: .seconds(24 * 3_600)
        )
        guard period.to - period.from <= Self.longest else { throw Failure(.invalid, "the longest period is 20 years") }
        let foresight = Foresight(workspace, from: period.from, to: period.to, zone: zone)
        let report = ForesightReport(foresight, zone: zone)
        Terminal.out(json ? report.object.json() : report.text)
    }
}
