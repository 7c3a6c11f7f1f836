/// What a change of a zone's clocks does to a schedule.
public enum ClockChangeEffect: Sendable, Hashable {
    /// A time that the clocks skip fires at the first moment after the gap.
    case moved(WallTime, to: Instant)
    /// A time that the clocks skip does not fire.
    case leftOut(WallTime)
    /// A time that the clocks show twice fires at this one of its occurrences only.
    case once(WallTime, at: Instant)
    /// A time that the clocks show twice fires at both occurrences.
    case twice(WallTime, first: Instant, second: Instant)
}

extension ClockChangeEffect {
    /// What happens, in words, with the moments as a zone shows them.
    public func words(in zone: Zone) -> String {
        switch self {
        case .moved(let wall, let moment): "\(wall) does not exist: fires at \(moment.rfc3339(in: zone)) instead"
        case .leftOut(let wall): "\(wall) does not exist: does not fire"
        case .once(let wall, let moment): "\(wall) comes twice: fires at \(moment.rfc3339(in: zone)) only"
        case .twice(let wall, let first, let second):
            "\(wall) comes twice: fires at \(first.rfc3339(in: zone)) and at \(second.rfc3339(in: zone))"
        }
    }
}

extension CronSchedule {
    /// What the change of the clocks at a moment does to this schedule, told by the first time that it touches; nil when
    /// it touches none, or when there is no change.
    public func effect(ofChangeAt change: Instant) -> ClockChangeEffect? {
        let segment = zone.rules.segment(at: change.wholeSeconds)
        guard segment.start == change.wholeSeconds else { return nil }
        let reached = segment.reachedBefore
        if reached < segment.wallStart {
            guard let wall = expression.fields.next(onOrAfter: reached), wall < segment.wallStart else { return nil }
            let time = WallTime(secondsSinceEpoch: wall)
            return gap == .next ? .moved(time, to: change) : .leftOut(time)
        }
        guard let wall = expression.fields.next(onOrAfter: segment.wallStart), wall < min(reached, segment.wallEnd)
        else { return nil }
        let time = WallTime(secondsSinceEpoch: wall)
        let second = Instant(seconds: wall - segment.offset)
        guard case .repeated(let first, _) = zone.moments(of: time) else { return nil }
        return switch overlap {
        case .first: .once(time, at: first)
        case .last: .once(time, at: second)
        case .both: .twice(time, first: first, second: second)
        }
    }
}
