import CEL
import Engine
import Logging
import Recipe
import Schedule
import Store
import YAML

/// Writes the long-running process's events to its log: decisions and failures always, what a healthy run repeats at debug.
struct LogObserver: EngineObserver {
    let logger: Logger

    func observe(_ event: EngineEvent) {
        switch event {
        case .ready(let triggers, let next):
            logger.info("ready", metadata: ["triggers": "\(triggers)", "next": "\(next?.rfc3339() ?? "-")"])
        case .runStarted(let run):
            logger.debug("run started", metadata: metadata(run))
        case .runFinished(let run, let result):
            let level = level(result.status)
            guard level >= logger.logLevel else { return }
            var metadata = metadata(run)
            metadata["status"] = "\(result.status.rawValue)"
            metadata["duration_ms"] = "\(Listing.milliseconds(result.duration))"
            if let reason = result.reason { metadata["reason"] = "\(reason)" }
            logger.log(level: level, "run finished", metadata: metadata)
        case .runParked(let run, let until):
            var metadata = metadata(run)
            metadata["until"] = "\(until.rfc3339())"
            logger.debug("run waits", metadata: metadata)
        case .actionStarted:
            break
        case .actionFinished(let action, let status, let duration, let request):
            guard logger.logLevel <= .debug else { return }
            var metadata = metadata(action)
            metadata["status"] = "\(status.rawValue)"
            metadata["duration_ms"] = "\(Listing.milliseconds(duration))"
            if let request { metadata["request"] = "\(request)" }
            logger.debug("action finished", metadata: metadata)
        case .attemptFailed(let action, let attempt, let message, let wait):
            var metadata = metadata(action)
            metadata["attempt"] = "\(attempt)"
            metadata["error"] = "\(message)"
            metadata["retry_in"] = "\(Listing.text(wait))"
            logger.warning("attempt failed", metadata: metadata)
        case .requestHeld(let action, let wait):
            var metadata = metadata(action)
            metadata["for"] = "\(Listing.text(wait))"
            logger.info("request held back, as the server asked", metadata: metadata)
        case .log(let run, let recipe, let level, let message):
            logger.log(level: level.logLevel, "\(message)", metadata: ["run": "\(run)", "recipe": "\(recipe)"])
        case .unserved(let run):
            var metadata = metadata(run)
            metadata["scheduled_at"] = "\(run.fire.scheduledAt.rfc3339())"
            metadata["reason"] = "\(run.reason ?? "")"
            if let count = run.missedCount { metadata["count"] = "\(count)" }
            logger.warning("fire \(run.status.rawValue)", metadata: metadata)
        case .closed(let run, let reason):
            var metadata = metadata(run)
            metadata["reason"] = "\(reason)"
            logger.warning("interrupted run closed", metadata: metadata)
        case .reloaded(let added, let changed, let removed):
            logger.info(
                "workspace reloaded",
                metadata: [
                    "added": "\(added.joined(separator: " "))", "changed": "\(changed.joined(separator: " "))",
                    "removed": "\(removed.joined(separator: " "))",
                ]
            )
        case .rejected(let diagnostics, let sources):
            for diagnostic in diagnostics {
                logger.error(
                    "invalid file: its last valid version stays in force",
                    metadata: ["file": "\(diagnostic.path)"]
                )
                Terminal.errorLine(diagnostic.rendered(in: sources[diagnostic.path], colour: Terminal.allowsColour(2)))
            }
        case .heartbeatFailed(let run, let recipe, let message):
            logger.warning(
                "heartbeat failed",
                metadata: ["run": "\(run)", "recipe": "\(recipe)", "error": "\(message)"]
            )
        case .alarmRaised(let alarm):
            logger.error("alarm", metadata: metadata(alarm))
        case .alarmCleared(let alarm, let reason):
            var facts = metadata(alarm)
            facts["reason"] = reason.map { "\($0)" }
            logger.notice("alarm over", metadata: facts)
        case .clockStepped:
            logger.notice("the clock was set, or the machine slept")
        case .zonesChanged(let zones, let next):
            logger.notice(
                "time zone rules changed",
                metadata: ["zones": "\(zones.joined(separator: " "))", "next": "\(next?.rfc3339() ?? "-")"]
            )
        case .storeFailed(let error):
            logger.error("the store refused", metadata: ["error": "\(error)"])
        case .stopping(let runs):
            logger.info("stopping", metadata: ["runs": "\(runs)"])
        }
    }

    private func metadata(_ run: RunRecord) -> Logger.Metadata {
        ["run": "\(run.id)", "recipe": "\(run.fire.recipe)"]
    }

    private func metadata(_ alarm: AlarmRecord) -> Logger.Metadata {
        let subject = alarm.key.kind == .needsAttention ? "connection" : "recipe"
        return [
            "kind": "\(alarm.key.kind.rawValue)", subject: "\(alarm.key.subject)",
            "since": "\(alarm.since.rfc3339())", "message": "\(alarm.message)",
        ]
    }

    private func metadata(_ action: ActionDescription) -> Logger.Metadata {
        let index = action.index.isEmpty ? "" : "[\(action.index)]"
        return ["run": "\(action.run)", "recipe": "\(action.recipe)", "action": "\(action.path)\(index)"]
    }

    private func level(_ status: RunStatus) -> Logger.Level {
        switch status {
        case .failed, .timedOut: .error
        case .cancelled, .interrupted: .warning
        default: .debug
        }
    }
}

extension LogAction.Level {
    /// The level of swift-log that means the same.
    var logLevel: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
