import Recipe
import Schedule
import Store

/// What one fire time of a trigger ended in, or will.
struct FireOutcome {
    let verdict: Explanation.Verdict
    let time: Instant
    /// As a clause whose subject is the schedule: `fired at 2026-03-29T03:00:00+02:00: run 01ab… succeeded`.
    let clause: String
    var run: RunRecord?

    func explanation(_ sentence: String, _ trigger: Trigger) -> Explanation {
        var explanation = Explanation(verdict: verdict, sentence: sentence)
        explanation.trigger = trigger
        explanation.fireTime = time
        explanation.run = run
        return explanation
    }

    static func verdict(of run: RunRecord) -> Explanation.Verdict {
        switch run.status {
        case .skipped: .skipped
        case .missed: .missed
        case .paused: .paused
        case .queued, .running, .succeeded, .failed, .timedOut, .cancelled, .interrupted: .ran
        }
    }

    /// `run 01ab… failed: HTTP 500`, or what else a record says.
    static func words(_ run: RunRecord) -> String {
        let reason = run.reason.map { ": \($0)" } ?? ""
        switch run.status {
        case .queued: return "run \(run.id) waits for its turn"
        case .running: return "run \(run.id) is still going"
        case .timedOut: return "run \(run.id) timed out\(reason)"
        case .cancelled: return "run \(run.id) was cancelled\(reason)"
        case .interrupted: return "run \(run.id) was interrupted\(reason)"
        case .succeeded, .failed: return "run \(run.id) \(run.status.rawValue)\(reason)"
        // The reason begins with the word already.
        case .paused: return run.reason ?? run.status.rawValue
        case .skipped, .missed: return "\(run.status.rawValue)\(reason)"
        }
    }
}

extension FireExplainer {
    /// What became of a fire time, or will.
    ///
    /// - Parameter remark: what the sentence says after the time.
    func outcome(
        of time: Instant,
        _ trigger: Trigger,
        _ recipe: Recipe,
        remark: String = ""
    ) async throws(StoreError) -> FireOutcome {
        let key = TriggerKey(recipe: recipe.name, trigger: trigger.id)
        let history = try await history(recipe, trigger)
        let shown = time.rfc3339(in: trigger.zone) + remark
        func outcome(_ verdict: Explanation.Verdict, _ clause: String) -> FireOutcome {
            FireOutcome(verdict: verdict, time: time, clause: clause)
        }
        if let run = try await store?.lastFire(of: key, through: time),
            (run.missedUntil ?? run.fire.scheduledAt) >= time
        {
            var found = outcome(FireOutcome.verdict(of: run), Self.clause(run, shown))
            found.run = run
            return found
        }
        if let reason = Self.disabled(recipe, trigger) {
            return outcome(
                .disabled,
                time > now ? "will not fire at \(shown): \(reason)" : "did not fire at \(shown): \(reason)"
            )
        }
        guard time <= now else {
            let pauses = try await store?.pauses(after: now) ?? []
            if let pause = pauses.first(where: { $0.recipe == recipe.name && $0.contains(time) }) {
                let mend = "`runner unpause \(recipe.name)`"
                return outcome(.paused, "will not fire at \(shown), unless \(mend) comes before: \(pause.reason)")
            }
            let jitter =
                trigger.jitter > .zero ? ", its start delayed by up to \(DurationText.format(trigger.jitter))" : ""
            return outcome(.ahead, "will fire at \(shown)\(jitter)")
        }
        guard let history else {
            return outcome(
                .notOwed,
                "fires at \(shown), but owes nothing yet: no process has seen the trigger (`runner start` does)"
            )
        }
        if let reason = absence(time, shown, history, trigger.zone) { return outcome(.notOwed, reason) }
        if let pruned = history.prunedUntil, time <= pruned {
            return outcome(.pruned, "fired at \(shown) or was recorded as not served, but its record was pruned")
        }
        if let last = history.lastFire, time <= last {
            return outcome(
                .lost,
                "should have fired at \(shown), and there is no record of it (`runner audit` looks for more)"
            )
        }
        return outcome(.pending, try await pending(since: shown))
    }

    private static func clause(_ run: RunRecord, _ shown: String) -> String {
        guard let count = run.missedCount, count > 1 else {
            return run.startedAt == nil && run.status != .queued
                ? "did not run at \(shown): \(FireOutcome.words(run))"
                : "fired at \(shown): \(FireOutcome.words(run))"
        }
        return "did not run at \(shown): \(FireOutcome.words(run)) (one of \(count) fire times that were)"
    }

    private static func disabled(_ recipe: Recipe, _ trigger: Trigger) -> String? {
        if !recipe.isEnabled { return "the recipe is disabled (`enabled: false`)" }
        return trigger.isEnabled ? nil : "the trigger is disabled (`enabled: false`)"
    }

    /// Why a fire time was not owed; nil when it was.
    private func absence(_ time: Instant, _ shown: String, _ history: TriggerHistory, _ zone: Zone) -> String? {
        func text(_ moment: Instant) -> String { Instant(seconds: moment.wholeSeconds).rfc3339(in: zone) }
        guard let index = history.spans.lastIndex(where: { $0.since < time }) else {
            guard let first = history.spans.first else { return nil }
            return "fires at \(shown), but owed nothing then: the trigger was first seen at \(text(first.since))"
        }
        guard let until = history.spans[index].until, until < time else { return nil }
        let comeback = history.spans.dropFirst(index + 1).first.map { ", and back at \(text($0.since))" } ?? ""
        return "fires at \(shown), but owed nothing then: it was removed or disabled at \(text(until))\(comeback)"
    }

    private func pending(since shown: String) async throws(StoreError) -> String {
        let now = now
        let isServed = try await store?.nodes().contains { $0.role == .scheduler && $0.isAlive(now: now) } ?? false
        return isServed
            ? "is due since \(shown), and its record comes when its turn does"
            : "was due at \(shown), but no process is running; the next `runner start` runs it or records why not"
    }
}
