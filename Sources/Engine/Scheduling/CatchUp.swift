import Recipe
import Schedule

/// What is done about fire times that passed unserved: a pure question to a trigger's rules (DESIGN sections 5 and 10).
struct CatchUp: Sendable {
    /// A fire time that gets no run.
    struct Missed: Sendable, Hashable {
        let time: Instant
        let reason: String
    }

    /// Many fire times, of which one record is kept.
    struct Range: Sendable, Hashable {
        let first: Instant
        let last: Instant
        let count: Int
        let reason: String
    }

    /// Those too old to have a record each.
    var older: Range?
    /// Those that get a record, oldest first.
    var missed: [Missed] = []
    /// Those that run, one after another, oldest first.
    ///
    /// All of them are newer than those missed.
    var runs: [Instant] = []

    /// At most so many missed times of one trigger have a record each.
    static let recordLimit = 1_000

    /// Decides about all fire times after `last`, up to and with `now`.
    init(_ trigger: Trigger, after last: Instant, through now: Instant) {
        let rule = trigger.catchUp
        let owed = Self.newest(Self.recordLimit + rule.limit, of: trigger, after: last, through: now)
        let (runCount, reason) = Self.runnable(owed, trigger, now: now)
        runs = Array(owed.suffix(runCount))
        let unserved = owed.dropLast(runCount)
        missed = unserved.suffix(Self.recordLimit).map { Missed(time: $0, reason: reason) }
        let summed = unserved.dropLast(missed.count)
        guard let oldest = trigger.next(after: last), let firstKept = owed.first, oldest < firstKept || !summed.isEmpty
        else { return }
        let end = summed.last ?? trigger.schedule.previous(before: firstKept) ?? oldest
        let count = trigger.schedule.count(from: oldest, through: end)
        older = Range(first: oldest, last: end, count: count, reason: reason)
    }

    /// How many of the newest run, and why the others do not.
    private static func runnable(_ owed: [Instant], _ trigger: Trigger, now: Instant) -> (count: Int, reason: String) {
        let rule = trigger.catchUp
        let inTime = owed.reversed().prefix { now - $0 <= rule.window && !trigger.isTooLate($0, at: now) }.count
        let isDeadlineShort = trigger.startDeadline.map { $0 < rule.window } ?? false
        let late =
            isDeadlineShort
            ? trigger.lateReason : "nobody served it in time, and it is older than its catch_up_window"
        switch rule.policy {
        case .none: return (0, "nobody served it in time (catch_up: none)")
        case .latest:
            return inTime > 0 ? (1, "nobody served it in time, and a later one runs (catch_up: latest)") : (0, late)
        case .all:
            if inTime > rule.limit {
                return (rule.limit, "nobody served it in time, and catch_up_limit is \(rule.limit)")
            }
            return (inTime, late)
        }
    }

    /// The newest fire times of an interval, at most `limit`, oldest first.
    private static func newest(_ limit: Int, of trigger: Trigger, after last: Instant, through now: Instant)
        -> [Instant]
    {
        var times: [Instant] = []
        // `end` is exclusive, and so is the bound of `previous`.
        var bound = now + .microseconds(1)
        if let end = trigger.end { bound = min(bound, end) }
        while times.count < limit, let time = trigger.schedule.previous(before: bound), time > last {
            if let start = trigger.start, time < start { break }
            times.append(time)
            bound = time
        }
        return times.reversed()
    }
}
