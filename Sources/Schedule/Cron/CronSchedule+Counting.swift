extension CronSchedule {
    /// How many fire times lie after one moment and not after another.
    ///
    /// The work grows with the months between them and with the changes of the clocks, not with the fire times.
    public func count(after first: Instant, through last: Instant) -> Int {
        var count = 0
        forEachStretch(after: first, through: last) { atStart, walls, _ in
            count += expression.fields.count(in: walls) + (atStart == nil ? 0 : 1)
        }
        return count
    }

    /// Calls `body` with each fire time after one moment and not after another, in whole seconds of Unix time, in order.
    ///
    /// Several times as fast as asking for one after the other.
    public func forEachSecond(after first: Instant, through last: Instant, _ body: (Int64) -> Void) {
        forEachStretch(after: first, through: last) { atStart, walls, offset in
            if let atStart { body(atStart) }
            expression.fields.forEach(in: walls) { body($0 - offset) }
        }
    }

    /// Calls `body` with each stretch in which the clocks are not changed, by the rules of `next(after:)`.
    ///
    /// - Parameter body: gets the fire at the stretch's very beginning that stands for skipped times, the wall times to be
    ///   looked at, and their offset.
    private func forEachStretch(
        after first: Instant,
        through last: Instant,
        _ body: (_ atStart: Int64?, _ walls: Range<Int64>, _ offset: Int64) -> Void
    ) {
        var second = first.wholeSeconds + 1
        let limit = last.wholeSeconds + 1
        while second < limit {
            let segment = zone.rules.segment(at: second)
            var lower = second + segment.offset
            var atStart: Int64?
            if gap == .next, second == segment.start, segment.reachedBefore < segment.wallStart,
                let skipped = expression.fields.next(onOrAfter: segment.reachedBefore), skipped < segment.wallStart
            {
                atStart = second
                // A time that falls on that moment itself is the same fire.
                lower += 1
            }
            if overlap == .first { lower = max(lower, segment.reachedBefore) }
            var upper = min(segment.wallEnd, limit + segment.offset)
            if overlap == .last { upper = min(upper, segment.returnsAt) }
            body(atStart, lower..<max(lower, upper), segment.offset)
            second = segment.end
        }
    }
}

extension IntervalSchedule {
    /// How many fire times lie after one moment and not after another.
    public func count(after first: Instant, through last: Instant) -> Int {
        guard let next = next(after: first), next <= last else { return 0 }
        return Int((last - next).wholeMicroseconds / period.wholeMicroseconds) + 1
    }
}

extension Schedule {
    /// How many fire times lie after one moment, not after another, and within the bounds, without going through them.
    public func count(after first: Instant, through last: Instant, in bounds: FireBounds = .always) -> Int {
        let (first, last) = clipped(after: first, through: last, bounds)
        guard first < last else { return 0 }
        return switch self {
        case .cron(let schedule): schedule.count(after: first, through: last)
        case .interval(let schedule): schedule.count(after: first, through: last)
        }
    }

    /// Calls `body` with the whole second of Unix time in which each fire time lies, for those after one moment, not after
    /// another, and within the bounds, in order.
    public func forEachSecond(
        after first: Instant,
        through last: Instant,
        in bounds: FireBounds = .always,
        _ body: (Int64) -> Void
    ) {
        let (first, last) = clipped(after: first, through: last, bounds)
        guard first < last else { return }
        switch self {
        case .cron(let schedule): schedule.forEachSecond(after: first, through: last, body)
        case .interval(let schedule):
            var time = first
            while let next = schedule.next(after: time), next <= last {
                body(next.wholeSeconds)
                time = next
            }
        }
    }

    /// `start` belongs to the bounds and `end` does not; the moments asked about are the other way round.
    private func clipped(
        after first: Instant,
        through last: Instant,
        _ bounds: FireBounds
    ) -> (after: Instant, through: Instant) {
        (
            max(first, bounds.start.map { $0 - .microseconds(1) } ?? first),
            min(last, bounds.end.map { $0 - .microseconds(1) } ?? last)
        )
    }
}
