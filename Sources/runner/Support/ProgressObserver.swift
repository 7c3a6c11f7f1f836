import Engine
import Recipe
import Store

/// Shows a single run on standard error: the lines of `log:` always, progress only to a person at a terminal.
struct ProgressObserver: EngineObserver {
    private let showsProgress = Terminal.isInteractive
    private let colour = Terminal.allowsColour(2)

    func observe(_ event: EngineEvent) {
        switch event {
        case .runStarted(let run):
            if let origin = run.origin { Terminal.errorLine("run \(run.id) repeats \(origin)") }
        case .log(_, _, let level, let message):
            Terminal.errorLine(level == .info ? message : "\(level.rawValue): \(message)")
        case .attemptFailed(let action, let attempt, let message, let wait) where showsProgress:
            line("33", "↻", "\(name(action)): \(message); attempt \(attempt + 1) in \(Listing.text(wait))")
        case .requestHeld(let action, let wait) where showsProgress:
            line("33", "…", "\(name(action)): the server asked its connection to wait; sent in \(Listing.text(wait))")
        case .actionFinished(let action, let status, let duration, let request) where showsProgress:
            let detail = request.map { "  \($0)" } ?? ""
            switch status {
            case .succeeded: line("32", "✓", "\(name(action))\(detail)  \(Listing.text(duration))")
            case .skipped: line("2", "-", "\(name(action))  skipped")
            case .failed: line("31", "✗", "\(name(action))\(detail)")
            case .started: break
            }
        default:
            break
        }
    }

    private func name(_ action: ActionDescription) -> String {
        let name = action.name ?? action.path
        return action.index.isEmpty ? name : "\(name)[\(action.index)]"
    }

    private func line(_ code: String, _ mark: String, _ text: String) {
        Terminal.errorLine(colour ? "\u{1B}[\(code)m\(mark)\u{1B}[0m \(text)" : "\(mark) \(text)")
    }
}
