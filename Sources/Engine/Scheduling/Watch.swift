import Recipe
import Schedule
import Store

/// One trigger under watch: what it owes, and what is done next about it.
///
/// A value: the scheduler asks it and acts.
struct Watch: Sendable {
    /// Which trigger.
    let key: TriggerKey
    /// The recipe that it starts.
    var plan: RecipePlan
    /// Its rules.
    var trigger: Trigger
    /// Every fire time up to this has its record, or was never owed.
    ///
    /// The next one follows from it, never from the clock.
    private(set) var last: Instant
    /// Fire times that are caught up, oldest first.
    ///
    /// Live ones wait behind them.
    private(set) var owed: [Instant] = []
    /// The catch-up run under way, which the next one waits for.
    private(set) var catchUpRun: RunID?
    /// No catch-up run starts before this.
    private var paceUntil: Instant?

    /// Up to this a fire that is late is a live one: the process was busy, not away.
    static let lateness = Duration.seconds(5)

    init(key: TriggerKey, plan: RecipePlan, trigger: Trigger, last: Instant) {
        self.key = key
        self.plan = plan
        self.trigger = trigger
        self.last = last
    }

    /// What is to be done now.
    enum Step: Sendable {
        /// Start the fire of this time; `isOwed` when it is caught up.
        case start(Instant, isOwed: Bool)
        /// Record what was missed, then go on with what is caught up.
        case catchUp(CatchUp)
        /// Nothing before this moment; nil: nothing until something changes.
        case wait(until: Instant?)
    }

    /// What is to be done at `now`.
    func step(at now: Instant) -> Step {
        if let time = owed.first {
            guard catchUpRun == nil else { return .wait(until: nil) }
            if let paceUntil, paceUntil > now { return .wait(until: paceUntil) }
            return .start(time, isOwed: true)
        }
        guard let next = trigger.next(after: last) else { return .wait(until: nil) }
        let due = next + jitter(of: next)
        guard due <= now else { return .wait(until: due) }
        let tolerated = min(Self.lateness, trigger.startDeadline ?? Self.lateness)
        guard now - due <= tolerated else { return .catchUp(CatchUp(trigger, after: last, through: now)) }
        return .start(next, isOwed: false)
    }

    /// What is missed at `now`, for a process that has just come: nothing that is late is live.
    func missed(at now: Instant) -> CatchUp? {
        guard owed.isEmpty, let next = trigger.next(after: last), next + jitter(of: next) <= now else { return nil }
        return CatchUp(trigger, after: last, through: now)
    }

    /// The delay of a fire's start.
    func jitter(of time: Instant) -> Duration { trigger.delay(of: time, recipe: key.recipe) }

    /// The fire of this time has its record.
    mutating func didRecord(_ time: Instant) {
        last = max(last, time)
        if owed.first == time { owed.removeFirst() }
    }

    /// A catch-up run has begun.
    mutating func didStartCatchUp(_ run: RunID, at now: Instant) {
        paceUntil = now + trigger.catchUp.pace
        // After the last one live fires go on, under their own overlap rule.
        catchUpRun = owed.isEmpty ? nil : run
    }

    /// A run has ended; true when the next one waited for it.
    mutating func didEnd(_ run: RunID) -> Bool {
        guard catchUpRun == run else { return false }
        catchUpRun = nil
        return true
    }

    /// What was missed has its records.
    mutating func didRecord(_ catchUp: CatchUp) {
        owed = catchUp.runs
        if let newest = catchUp.missed.last?.time ?? catchUp.older?.last { last = max(last, newest) }
    }
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
    /// The records of what is missed, oldest first.
    func records(of key: TriggerKey, version: String) -> [RunRecord] {
        var records: [RunRecord] = []
        if let older {
            records.append(
                RunRecord(
                    fire: FireKey(recipe: key.recipe, trigger: key.trigger, scheduledAt: older.first),
                    status: .missed,
                    reason: older.reason,
                    version: version,
                    missedUntil: older.last,
                    missedCount: older.count
                )
            )
        }
        for missed in missed {
            let fire = FireKey(recipe: key.recipe, trigger: key.trigger, scheduledAt: missed.time)
            records.append(RunRecord(fire: fire, status: .missed, reason: missed.reason, version: version))
        }
        return records
    }

    /// One record that stands for all that is missed, for those who are told of it; nil when nothing is.
    func summary(of key: TriggerKey) -> RunRecord? {
        let records = records(of: key, version: "")
        guard var summary = records.first, let last = records.last else { return nil }
        guard records.count > 1 else { return summary }
        summary.missedUntil = last.fire.scheduledAt
        summary.missedCount = missed.count + (older?.count ?? 0)
        return summary
    }
}
