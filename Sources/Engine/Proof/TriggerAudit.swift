public import Recipe
public import Schedule
public import Store

/// What became of all that one trigger asked for in a time.
public struct TriggerAudit: Sendable {
    /// Which trigger.
    public let key: TriggerKey
    /// Its rule, as the files or the newest record have it; nil when it cannot be read any more.
    public internal(set) var trigger: Trigger?
    /// How many fire times it owed, those that are pending included.
    public internal(set) var asked = 0
    /// How many of them ended in what; of a range of missed ones each counts.
    public internal(set) var ended: [RunStatus: Int] = [:]
    /// Those without a record, neighbours together.
    public internal(set) var gaps = Findings<FireRange>()
    /// How many have no record.
    public internal(set) var lost = 0
    /// Records of fire times that have another one already.
    public internal(set) var doubles = Findings<RunRecord>()
    /// Records that do not fit what the trigger asked for: at another moment, or of a range with another count.
    public internal(set) var misfits = Findings<RunRecord>()
    /// Those that are due, and later than every record but those of backfills: they get one when their turn comes, or when a process starts.
    public internal(set) var pending: FireRange?
    /// What one must know to read the figures: first seen, removed, pruned.
    public internal(set) var notes: [String] = []

    /// Every fire time has exactly one record, or will get it in its turn.
    public var isProven: Bool { gaps.count == 0 && doubles.count == 0 && misfits.count == 0 }

    init(_ key: TriggerKey) { self.key = key }
}

/// Neighbouring fire times of a trigger.
public struct FireRange: Sendable, Hashable {
    /// The first of them.
    public let first: Instant
    /// The last of them.
    public let last: Instant
    /// How many.
    public let count: Int

    /// The fire times that a trigger has after one moment and not after another; nil when there are none.
    init?(_ trigger: Trigger, after moment: Instant, through end: Instant) {
        count = trigger.count(after: moment, through: end)
        guard count > 0, let first = trigger.next(after: moment),
            let last = trigger.schedule.previous(before: end + .microseconds(1), in: trigger.bounds)
        else { return nil }
        (self.first, self.last) = (first, last)
    }

    private init(_ first: Instant, _ last: Instant, _ count: Int) {
        (self.first, self.last, self.count) = (first, last, count)
    }

    /// These and later ones.
    func joined(with later: FireRange) -> FireRange { FireRange(first, later.last, count + later.count) }
}

/// What was found: all are counted, the first ones are kept.
public struct Findings<Finding: Sendable>: Sendable {
    /// The first of them, at most `limit`.
    public private(set) var first: [Finding] = []
    /// How many there are.
    public private(set) var count = 0
    /// So many are kept: whoever has more knows enough.
    public static var limit: Int { 1_000 }

    mutating func add(_ finding: Finding) {
        count += 1
        if first.count < Self.limit { first.append(finding) }
    }
}

/// One line of an audit: fire times beside what they ended in.
public enum AuditEntry: Sendable {
    /// A record, and how many fire times within the audited time it stands for.
    case recorded(RunRecord, count: Int)
    /// Fire times without a record.
    case gap(FireRange)
    /// A record of a fire time that has one already.
    case double(RunRecord)
    /// A record that does not fit what the trigger asked for, and what is wrong with it.
    case misfit(RunRecord, String)
    /// Fire times that are due and have no record yet.
    case pending(FireRange)
}
