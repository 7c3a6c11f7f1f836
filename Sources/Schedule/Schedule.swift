/// A rule that says when to fire: one pure question, the next time after this one, and its mirror.
public enum Schedule: Sendable, Hashable {
    /// Wall times of a zone.
    case cron(CronSchedule)
    /// A fixed distance.
    case interval(IntervalSchedule)

    /// The first fire time after a moment and within the bounds; nil when there is none.
    public func next(after instant: Instant, in bounds: FireBounds = .always) -> Instant? {
        // The first moment of the bounds may itself be a fire time.
        let asked = bounds.start.map { max(instant, $0 - .microseconds(1)) } ?? instant
        let next: Instant? =
            switch self {
            case .cron(let schedule): schedule.next(after: asked)
            case .interval(let schedule): schedule.next(after: asked)
            }
        guard let next, bounds.contains(next) else { return nil }
        return next
    }

    /// The last fire time before a moment and within the bounds; nil when there is none.
    public func previous(before instant: Instant, in bounds: FireBounds = .always) -> Instant? {
        let asked = bounds.end.map { min(instant, $0) } ?? instant
        let previous: Instant? =
            switch self {
            case .cron(let schedule): schedule.previous(before: asked)
            case .interval(let schedule): schedule.previous(before: asked)
            }
        guard let previous, bounds.contains(previous) else { return nil }
        return previous
    }

    /// The fire times after a moment, earliest first, each computed when it is asked for.
    ///
    /// Mostly endless: take a prefix.
    public func instants(after instant: Instant, in bounds: FireBounds = .always) -> some Sequence<Instant> {
        sequence(state: instant) { last -> Instant? in
            guard let next = next(after: last, in: bounds) else { return nil }
            last = next
            return next
        }
    }

    /// The fire times before a moment, latest first, each computed when it is asked for.
    ///
    /// Mostly endless: take a prefix.
    public func instants(before instant: Instant, in bounds: FireBounds = .always) -> some Sequence<Instant> {
        sequence(state: instant) { last -> Instant? in
            guard let previous = previous(before: last, in: bounds) else { return nil }
            last = previous
            return previous
        }
    }

    /// This schedule with the rules that its zone has now; see `Zone.reloadDatabase()`.
    public func refreshed() -> Schedule {
        switch self {
        case .cron(let schedule):
            .cron(CronSchedule(schedule.expression, zone: schedule.zone.refreshed(), dst: schedule.daylightSaving))
        case .interval:
            self
        }
    }
}

/// The time in which a trigger is in force: its `start` and its `end`.
public struct FireBounds: Sendable, Hashable {
    /// The first moment at which it may fire; nil: it always could.
    public var start: Instant?
    /// The first moment at which it may no longer fire; nil: it always will.
    public var end: Instant?

    /// No bounds.
    public static let always = FireBounds()

    /// Bounds; what is nil is open.
    public init(start: Instant? = nil, end: Instant? = nil) {
        self.start = start
        self.end = end
    }

    /// Whether a moment lies within the bounds.
    public func contains(_ instant: Instant) -> Bool {
        if let start, instant < start { return false }
        if let end, instant >= end { return false }
        return true
    }
}
