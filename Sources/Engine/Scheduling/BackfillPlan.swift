public import Recipe
public import Schedule
public import Store

/// Which past fire times of a recipe are to run after all, and what that changes in the store: a pure question to its records.
public struct BackfillPlan: Sendable {
    /// Which of the fire times without a run are meant.
    public enum Scope: Sendable, Hashable {
        /// All: missed, skipped, paused, and those from before the trigger was first seen.
        case all
        /// Those that nobody served: missed, or without any record. A skip and a pause were decisions.
        case missing

        fileprivate func holds(_ status: RunStatus) -> Bool {
            switch status {
            case .missed: true
            case .skipped, .paused: self == .all
            default: false
            }
        }
    }

    /// One fire time that is to run.
    public struct Fire: Sendable, Hashable {
        /// The fire.
        public let key: FireKey
        /// What its record says so far; nil when it has none.
        public let was: RunStatus?
    }

    /// There are more fire times in the period than one backfill takes.
    public struct TooMany: Error, Sendable, Hashable {}

    /// The fire times, oldest first.
    public private(set) var fires: [Fire] = []
    /// What the store is asked to do.
    public private(set) var backfill = Backfill()

    /// So many fire times at most are looked at: one after another, a second apart, they take three hours.
    public static let limit = 10_000

    /// The plan for the fire times at or after `from` and before `to`.
    ///
    /// - Parameter records: those of the recipe that concern the period.
    public init(
        _ recipe: Recipe,
        from: Instant,
        to: Instant,
        _ scope: Scope,
        records: [RunRecord]
    ) throws(TooMany) {
        let byTrigger = Dictionary(grouping: records, by: \.fire.trigger)
        var looked = 0
        for trigger in recipe.triggers where trigger.isEnabled {
            let after = from - .microseconds(1)
            let limit = Self.limit + 1 - looked
            let times = Array(
                trigger.schedule.instants(after: after, in: trigger.bounds).lazy.prefix { $0 < to }.prefix(limit)
            )
            looked += times.count
            guard looked <= Self.limit else { throw TooMany() }
            plan(trigger, times, byTrigger[trigger.id] ?? [], recipe, scope)
        }
        fires.sort { ($0.key.scheduledAt, $0.key.trigger) < ($1.key.scheduledAt, $1.key.trigger) }
    }

    private mutating func plan(
        _ trigger: Trigger,
        _ times: [Instant],
        _ records: [RunRecord],
        _ recipe: Recipe,
        _ scope: Scope
    ) {
        // Records of one trigger do not overlap, so both are walked through once.
        var rest = records[...]
        var chosen: (record: RunRecord, times: [Instant])?
        func fire(_ time: Instant) -> FireKey {
            FireKey(recipe: recipe.name, trigger: trigger.id, scheduledAt: time)
        }
        for time in times {
            while let record = rest.first, record.missedUntil ?? record.fire.scheduledAt < time {
                rest = rest.dropFirst()
            }
            guard let record = rest.first, record.fire.scheduledAt <= time else {
                backfill.fires.append(RunRecord(fire: fire(time), status: .queued, cause: .backfill))
                fires.append(Fire(key: fire(time), was: nil))
                continue
            }
            guard scope.holds(record.status) else { continue }
            fires.append(Fire(key: fire(time), was: record.status))
            guard record.missedUntil != nil else {
                backfill.records.append(record)
                continue
            }
            backfill.fires.append(RunRecord(fire: fire(time), status: .queued, cause: .backfill))
            if chosen?.record.id == record.id {
                chosen?.times.append(time)
            } else {
                split(chosen, trigger)
                chosen = (record, [time])
            }
        }
        split(chosen, trigger)
    }

    /// Leaves of a range what lies before and after the times that are to run.
    private mutating func split(_ chosen: (record: RunRecord, times: [Instant])?, _ trigger: Trigger) {
        guard let (record, times) = chosen, let first = times.first, let last = times.last,
            let end = record.missedUntil
        else { return }
        let begin = record.fire.scheduledAt
        var rest: [Backfill.Split.Part] = []
        if begin < first, let before = trigger.schedule.previous(before: first) {
            rest.append(part(trigger, begin, before))
        }
        if last < end, let after = trigger.schedule.next(after: last) { rest.append(part(trigger, after, end)) }
        backfill.splits.append(Backfill.Split(record: record, rest: rest))
    }

    private func part(_ trigger: Trigger, _ first: Instant, _ last: Instant) -> Backfill.Split.Part {
        Backfill.Split.Part(
            first: first,
            last: last,
            count: trigger.schedule.count(after: first - .microseconds(1), through: last)
        )
    }
}
