import ArgumentParser
import CEL
import Connections
import Engine
import Recipe
import Schedule
import Store

/// `runner cancel`: ends a run, whichever process holds it.
struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels a run that is going or waits, whichever process holds it.",
        discussion: """
            What is in flight is broken off, and the recipe's `finally` runs; one that has not begun is over at once. The command waits until the run has
            ended, for at most --wait.
            """
    )

    @Argument(help: "The run's id, or its beginning.")
    var run: String

    @Option(help: "Why; the run's reason shows it.")
    var note: String?

    @Option(help: "How long to wait for the end.")
    var wait = "10s"

    @Flag(help: "One JSON object: the run as it is then.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let patience: Duration
        do {
            patience = try DurationText.parse(wait)
        } catch {
            throw Failure(.invalid, "--wait: \(error.message)")
        }
        let location = try place.location()
        let settings = try location.loader().settings()
        let store = try StoreAccess.forWriting(location, place.store, settings)
        let found = try await StoreAccess.run(run, in: store).run
        let now = SystemClock().now()
        let reason = note.map { "cancelled: \($0)" } ?? "cancelled"
        guard found.isCancellable else { throw Self.over(found) }
        let outcome = try await StoreAccess.asking { () async throws(StoreError) in
            try await store.cancel(found.id, reason: reason, now: now) { $0.isAlive(now: now) }
        }
        // A node may let it wait, or hold it; others may wait for it.
        store.notify()
        switch outcome {
        case .cancelled(let run): show(run)
        case .requested(let run): show(try await end(of: run, store, patience))
        case .parked(let run):
            guard try await StoreAccess.isServed(store) else {
                return Terminal.errorLine(
                    "run \(run.id) of \(run.fire.recipe) waits, and ends as soon as a `runner start` works on this store"
                )
            }
            show(try await end(of: run, store, patience))
        case .over(let run): throw Self.over(run)
        case nil: throw Self.over(found)
        }
    }

    /// The run when it has ended, or after the time that is waited for that.
    private func end(of run: RunRecord, _ store: SQLiteStore, _ patience: Duration) async throws -> RunRecord {
        let end = ContinuousClock.now + patience
        var present = run
        while present.status.isLive, ContinuousClock.now < end {
            // Another process works on it, and says nothing when it is done.
            try await Task.sleep(for: .milliseconds(50))
            present = try await StoreAccess.run(run.id.text, in: store).run
        }
        return present
    }

    private func show(_ run: RunRecord) {
        if json { return Terminal.out(Listing.json(run).json(pretty: true)) }
        if run.status.isLive {
            Terminal.errorLine(
                "run \(run.id) of \(run.fire.recipe) was asked to end, and has not yet: `runner show \(run.id)`"
            )
        } else {
            Terminal.errorLine("run \(run.id) of \(run.fire.recipe) is \(run.status.rawValue)")
        }
    }

    private static func over(_ run: RunRecord) -> Failure {
        Failure(.invalid, "run \(run.id) of \(run.fire.recipe) is not going: it is \(run.status.rawValue)")
    }
}
