import Recipe
import Schedule
import Store

/// One trigger under watch: what it owes, and what is done next about it.
///
/// A value: the scheduler asks it and acts.
struct Watch: Sendable {
    /// The recipe that it starts.
    var plan: RecipePlan
    /// Its rules.
    var trigger: Trigger
    /// Every fire time up to this has its record, or was never owed.
    ///
    /// The next one follows from it, never from the clock.
    private(set) var last: Instant
    /// What few triggers have: one, or none as nearly always, and then it takes no room in what a hundred thousand triggers have.
    private var progress: [Progress] = []

    private struct Progress: Sendable {
        /// Fire times that are caught up, oldest first.
        var owed: [Instant] = []
        /// The run under way that is caught up, and which the next one waits for.
        var run: RunID?
        /// No run that is caught up starts before this.
        var paceUntil: Instant?
        /// When the last fire was due, by its jitter: the next one, which may have less of it, cannot have started before.
        var lastDue: Instant?
    }

    /// Up to this a fire that is late is a live one: the process was busy, not away.
    static let lateness = Duration.seconds(5)

    init(plan: RecipePlan, trigger: Trigger, last: Instant) {
        self.plan = plan
        self.trigger = trigger
        self.last = last
    }

    /// Which trigger.
    var key: TriggerKey { TriggerKey(recipe: plan.recipe.name, trigger: trigger.id) }

    /// Fire times that are caught up, oldest first.
    ///
    /// Live ones wait behind them.
    var owed: [Instant] { progress.first?.owed ?? [] }

    /// What is to be done now.
    enum Step: Sendable {
        /// Start the fire of this time; `isOwed` when it is caught up.
        case start(Instant, isOwed: Bool)
        /// Fire times passed unserved: decide what becomes of them (`CatchUp`).
        case catchUp
        /// Nothing before this moment; nil: nothing until something changes.
        case wait(until: Instant?)
    }

    /// What is to be done at `now`.
    func step(at now: Instant) -> Step {
        if let progress = progress.first, let time = progress.owed.first {
            guard progress.run == nil else { return .wait(until: nil) }
            if let paceUntil = progress.paceUntil, paceUntil > now { return .wait(until: paceUntil) }
            return .start(time, isOwed: true)
        }
        guard let next = trigger.next(after: last) else { return .wait(until: nil) }
        let due = due(next)
        guard due <= now else { return .wait(until: due) }
        let tolerated = min(Self.lateness, trigger.startDeadline ?? Self.lateness)
        guard now - due <= tolerated else { return .catchUp }
        return .start(next, isOwed: false)
    }

    /// Whether something is missed at `now`, for a process that has just come: nothing that is late is live.
    func hasMissed(at now: Instant) -> Bool {
        guard owed.isEmpty, let next = trigger.next(after: last) else { return false }
        return due(next) <= now
    }

    private func due(_ next: Instant) -> Instant {
        let own = next + jitter(of: next)
        return progress.first?.lastDue.map { max(own, $0) } ?? own
    }

    /// The delay of a fire's start.
    func jitter(of time: Instant) -> Duration { trigger.delay(of: time, recipe: plan.recipe.name) }

    /// The fire of this time has its record.
    mutating func didRecord(_ time: Instant) {
        last = max(last, time)
        if let first = progress.first?.owed.first, first == time {
            progress[0].owed.removeFirst()
        } else if trigger.jitter > .zero {
            if progress.isEmpty { progress = [Progress()] }
            progress[0].lastDue = due(time)
        } else if let known = progress.first, known.owed.isEmpty, known.paceUntil.map({ $0 <= time }) ?? true {
            progress = []
        }
    }

    /// A catch-up run has begun.
    mutating func didStartCatchUp(_ run: RunID, at now: Instant) {
        guard !progress.isEmpty else { return }
        progress[0].paceUntil = now + trigger.catchUp.pace
        // After the last one live fires go on, under their own overlap rule.
        progress[0].run = progress[0].owed.isEmpty ? nil : run
    }

    /// A run has ended; true when the next one waited for it.
    mutating func didEnd(_ run: RunID) -> Bool {
        guard let waited = progress.first?.run, waited == run else { return false }
        progress[0].run = nil
        return true
    }

    /// What was missed has its records.
    mutating func didRecord(_ catchUp: CatchUp) {
        if !progress.isEmpty {
            progress[0].owed = catchUp.runs
        } else if !catchUp.runs.isEmpty {
            progress = [Progress(owed: catchUp.runs)]
        }
        if let newest = catchUp.unserved.last?.last { last = max(last, newest) }
        if catchUp.runs.isEmpty { last = max(last, catchUp.through) }
    }

    /// Whether a fire time after a moment is caught up.
    func owes(after moment: Instant) -> Bool { owed.last.map { $0 > moment } ?? false }

    /// The clock was set back to `now`: what comes after it is still to come.
    ///
    /// All fire times before have their records, since later ones had.
    mutating func takeBack(to now: Instant) {
        last = min(last, now)
        guard var known = progress.first else { return }
        known.owed.removeAll { $0 > now }
        known.paceUntil = known.paceUntil.map { min($0, now + trigger.catchUp.pace) }
        known.lastDue = nil
        progress = known.owed.isEmpty && known.run == nil ? [] : [known]
    }

    /// Up to this fire time all have their records: others wrote them.
    mutating func didLearn(_ recorded: Instant) { last = max(last, recorded) }
}

extension Trigger {
    /// The delay of a fire's start: a stable part of the trigger's `jitter`.
    func delay(of time: Instant, recipe: String) -> Duration {
        let longest = jitter.wholeMicroseconds
        guard longest > 0 else { return .zero }
        let hash = StableHash.fnv1a64("\(recipe)\n\(id)\n\(time.microseconds)")
        return .microseconds(Int64(hash % UInt64(longest)))
    }

    /// Whether `now` is later than `start_deadline` lets a fire start that is due at `moment`.
    func isTooLate(_ moment: Instant, at now: Instant) -> Bool {
        startDeadline.map { now - moment > $0 } ?? false
    }

    /// What is said of a fire that was too late.
    var lateReason: String {
        let deadline = startDeadline.map { " of \(DurationText.format($0))" } ?? ""
        return "too late: not started within its start_deadline\(deadline)"
    }
}

extension CatchUp {
    /// The records of what gets no run, oldest first.
    func records(of key: TriggerKey, version: String) -> [RunRecord] {
        unserved.map { fire in
            RunRecord(
                fire: FireKey(recipe: key.recipe, trigger: key.trigger, scheduledAt: fire.first),
                status: fire.status,
                reason: fire.reason,
                version: version,
                missedUntil: fire.count > 1 ? fire.last : nil,
                missedCount: fire.count > 1 ? fire.count : nil
            )
        }
    }

    /// One record for each status that stands for all with it, for those who are told of it.
    func summaries(of key: TriggerKey) -> [RunRecord] {
        let records = records(of: key, version: "")
        return [RunStatus.missed, .paused].compactMap { status in
            let fires = unserved.filter { $0.status == status }
            guard var summary = records.first(where: { $0.status == status }), let last = fires.last?.last else {
                return nil
            }
            let count = fires.reduce(0) { $0 + $1.count }
            if count > 1 { (summary.missedUntil, summary.missedCount) = (last, count) }
            return summary
        }
    }
}
