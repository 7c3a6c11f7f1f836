import ArgumentParser
import CEL
import Connections
import Schedule
import Store

/// `runner show`: one run, action by action.
struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows one run, action by action.")

    @Argument(help: "The run's id, or its beginning.")
    var run: String

    @Flag(help: "One JSON object; times in UTC.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let store = try StoreAccess.forReading(place)
        var detail = try await StoreAccess.run(run, in: store)
        // What a parked run needs to go on is no action.
        detail.actions.removeAll { $0.path.hasPrefix("@") }
        // Stored as they are, for a resume; what leaves the process does so without secrets.
        let redactor = try await SecretKnowledge.redactor(place, store)
        try await SecretKnowledge.learn(of: detail, place, store, redactor)
        redactor.add(detail.secrets, foundIn: "the run")
        detail.inputs = detail.inputs.map(redactor.redact)
        detail.output = detail.output.map(redactor.redact)
        json ? Terminal.out(object(detail).json(pretty: true)) : show(detail)
    }

    private func show(_ detail: RunDetail) {
        let run = detail.run
        let zone = (try? Zone.system()) ?? .utc
        Terminal.out("run        \(run.id)")
        Terminal.out("recipe     \(run.fire.recipe)")
        Terminal.out("trigger    \(run.fire.trigger)")
        Terminal.out("cause      \(run.cause.rawValue)")
        Terminal.out("status     \(Self.status(of: run))")
        Terminal.out("scheduled  \(Listing.text(run.fire.scheduledAt, zone))")
        let late = run.lateness.map { "  (\(Listing.text($0)) late)" } ?? ""
        Terminal.out("started    \(Listing.text(run.startedAt, zone))\(late)")
        Terminal.out("finished   \(Listing.text(run.finishedAt, zone))")
        if let origin = run.origin { Terminal.out("repeats    \(origin)") }
        if run.status.isLive, let reason = run.cancelReason { Terminal.out("asked      to end: \(reason)") }
        if run.attempt > 1 { Terminal.out("attempt    \(run.attempt)") }
        if let error = detail.error, error != run.reason { Terminal.out("error      \(error)") }
        if !detail.actions.isEmpty {
            var table = Table(["ACTION", "STATUS", "TOOK", "TRIES", "REQUEST"])
            for action in detail.actions {
                let took = action.finishedAt.map { $0 - action.startedAt }
                let name = action.index.isEmpty ? action.path : "\(action.path)[\(action.index)]"
                table.add([
                    name, action.status.rawValue, Listing.text(took), "\(action.attempts)",
                    action.request ?? action.error?.message ?? "",
                ])
            }
            Terminal.out("\n" + table.text)
        }
        if let output = detail.output { Terminal.out("\noutput\n" + output.json(pretty: true)) }
    }

    /// The status and its reason, which may begin with the same word.
    private static func status(of run: RunRecord) -> String {
        let status = run.status.rawValue
        guard let reason = run.reason else { return status }
        return reason == status || reason.hasPrefix(status + ": ") ? reason : "\(status): \(reason)"
    }

    private func object(_ detail: RunDetail) -> Value {
        guard case .map(var object) = Listing.json(detail.run) else { return .null }
        object["error"] = detail.error.map(Value.string) ?? .null
        object["inputs"] = detail.inputs ?? .null
        object["output"] = detail.output ?? .null
        object["actions"] = .list(
            detail.actions.map { action in
                .map(
                    ValueMap([
                        ("path", .string(action.path)),
                        ("index", .string(action.index)),
                        ("status", .string(action.status.rawValue)),
                        ("attempts", .int(Int64(action.attempts))),
                        ("started_at", Listing.json(action.startedAt)),
                        ("finished_at", Listing.json(action.finishedAt)),
                        ("request", action.request.map(Value.string) ?? .null),
                        ("error", action.error.map { .string($0.message) } ?? .null),
                    ])
                )
            }
        )
        return .map(object)
    }
}
