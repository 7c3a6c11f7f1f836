import Recipe
import Schedule
import Store

/// What is done about fire times that passed unserved: a pure question to a trigger's rules (DESIGN sections 5 and 10).
struct CatchUp: Sendable {
    /// One fire time that gets no run, or many of which one record is kept.
    struct Unserved: Sendable, Hashable {
        let first: Instant
        let last: Instant
        let count: Int
        /// `missed` or `paused`.
        let status: RunStatus
        let reason: String
    }

    /// Those that get no run, oldest first.
    private(set) var unserved: [Unserved] = []
    /// Those that run, one after another, oldest first.
    ///
    /// All of them are newer than those that do not.
    private(set) var runs: [Instant] = []
    /// Up to and with this every fire time has its record, or is one of `runs`.
    let through: Instant

    /// At most so many missed times of one trigger have a record each.
    static let recordLimit = 1_000

    /// Decides about all fire times after `last`, up to and with `now`.
    ///
    /// - Parameter pauses: those of the recipe, in the order of their beginnings. What was missed before the end of one is not caught up: whoever paused the
    ///   recipe has seen to it.
    /// - Parameter ahead: fire times in that period that have records.
    init(
        _ trigger: Trigger,
        after last: Instant,
        through now: Instant,
        pauses: [PauseRecord] = [],
        ahead: [ClosedRange<Instant>] = []
    ) {
        through = now
        let spans = Span.spans(after: last, through: now, pauses)
        var left = Self.recordLimit
        var parts: [[Unserved]] = []
        for (position, span) in spans.enumerated().reversed() {
            if let pause = span.pause {
                parts.append(Self.ranges(trigger, span, without: ahead, .paused, pause.reason))
            } else {
                let isLast = position == spans.count - 1
                let times = Self.newest(
                    left + (isLast ? trigger.catchUp.limit : 0),
                    of: trigger,
                    in: span,
                    without: ahead
                )
                let afterwards = "nobody served it in time, and the recipe was paused before somebody could"
                let (runCount, reason) = isLast ? Self.runnable(times, trigger, now: now) : (0, afterwards)
                if isLast { runs = Array(times.suffix(runCount)) }
                let missed = times.dropLast(runCount).suffix(left)
                left -= missed.count
                let kept = missed.first ?? (isLast ? runs.first : nil)
                let rest = Span(after: span.after, through: kept.map { $0 - .microseconds(1) } ?? span.through)
                parts.append(
                    Self.ranges(trigger, rest, without: ahead, .missed, reason)
                        + missed.map {
                            Unserved(first: $0, last: $0, count: 1, status: .missed, reason: reason)
                        }
                )
            }
        }
        unserved = parts.reversed().flatMap { $0 }
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

    /// The newest fire times of a span that have no record, at most `limit`, oldest first.
    private static func newest(
        _ limit: Int,
        of trigger: Trigger,
        in span: Span,
        without ahead: [ClosedRange<Instant>]
    ) -> [Instant] {
        // The bound of `previous` is exclusive.
        let end = span.through + .microseconds(1)
        let times = trigger.schedule.instants(before: end, in: trigger.bounds).lazy.prefix { $0 > span.after }
        guard !ahead.isEmpty else { return Array(times.prefix(limit)).reversed() }
        return Array(times.filter { time in !ahead.contains { $0.contains(time) } }.prefix(limit)).reversed()
    }

    /// All fire times of a span as one, or as one for each stretch between those that have records.
    private static func ranges(
        _ trigger: Trigger,
        _ span: Span,
        without ahead: [ClosedRange<Instant>],
        _ status: RunStatus,
        _ reason: String
    ) -> [Unserved] {
        var found: [Unserved] = []
        var after = span.after
        for recorded in ahead where recorded.lowerBound > after && recorded.lowerBound <= span.through {
            let stretch = Span(after: after, through: recorded.lowerBound - .microseconds(1))
            if let range = range(trigger, stretch, status, reason) { found.append(range) }
            after = recorded.upperBound
        }
        if let range = range(trigger, Span(after: after, through: span.through), status, reason) { found.append(range) }
        return found
    }

    /// All fire times of a span as one; nil when it has none.
    private static func range(_ trigger: Trigger, _ span: Span, _ status: RunStatus, _ reason: String) -> Unserved? {
        guard let first = trigger.next(after: span.after), first <= span.through,
            let last = trigger.schedule.previous(before: span.through + .microseconds(1), in: trigger.bounds)
        else { return nil }
        let count = trigger.schedule.count(after: span.after, through: span.through, in: trigger.bounds)
        return Unserved(first: first, last: last, count: count, status: status, reason: reason)
    }
}

/// A time in which a recipe was paused, or was not.
private struct Span {
    /// Fire times after this belong to it.
    let after: Instant
    /// Up to and with this.
    let through: Instant
    var pause: PauseRecord?

    /// The time after a moment up to another, divided where pauses begin and end.
    static func spans(after start: Instant, through end: Instant, _ pauses: [PauseRecord]) -> [Span] {
        var spans: [Span] = []
        var after = start
        for pause in pauses {
            // A pause holds its first moment, and not that of its end.
            let first = max(after, pause.since - .microseconds(1))
            let last = min(end, pause.until.map { $0 - .microseconds(1) } ?? end)
            guard first < last else { continue }
            if after < first { spans.append(Span(after: after, through: first)) }
            spans.append(Span(after: first, through: last, pause: pause))
            after = last
        }
        if after < end { spans.append(Span(after: after, through: end)) }
        return spans
    }
}
