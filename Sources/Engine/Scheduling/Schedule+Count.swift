import Schedule

extension Schedule {
    /// How many fire times there are from one to another, both of them fire times and counted.
    ///
    /// The time it takes grows with the days between them, not with the fire times: a schedule that fires every second of a year is counted in a moment.
    func count(from first: Instant, through last: Instant) -> Int {
        switch self {
        case .interval(let interval):
            Int((last - first).wholeMicroseconds / interval.period.wholeMicroseconds) + 1
        case .cron(let cron):
            DayCount(cron).count(from: first, through: last)
        }
    }
}

/// Counts a cron schedule's fire times day by day.
///
/// Whether a day matches does not depend on the time of day, so all days that match have equally many fire times, but for those near a change of the zone's
/// offset: these are enumerated.
private struct DayCount {
    private let cron: CronSchedule
    /// What a day without a change of the offset holds, once one was counted.
    private var daily: Int?
    /// The next change of the offset, and from when on that is the next.
    private var change: (asked: Instant, at: Instant?)?

    init(_ cron: CronSchedule) { self.cron = cron }

    private static let day = Duration.seconds(86_400)

    func count(from first: Instant, through last: Instant) -> Int {
        var copy = self
        return copy.run(from: first, through: last)
    }

    private mutating func run(from first: Instant, through last: Instant) -> Int {
        var count = 0
        var time: Instant? = first
        while let present = time, present <= last {
            let start = midnight(before: present)
            let end = start + Self.day
            let isWhole = present > first && end <= last && isRegular(start, end)
            if isWhole, let daily {
                count += daily
                time = cron.next(after: end - .microseconds(1))
                continue
            }
            var today = 0
            while let present = time, present < end, present <= last {
                today += 1
                time = cron.next(after: present)
            }
            if isWhole { daily = today }
            count += today
        }
        return count
    }

    /// The midnight of the zone, as its offset is at the moment.
    private func midnight(before moment: Instant) -> Instant {
        let local = moment.wholeSeconds + Int64(cron.zone.offset(at: moment))
        let sinceMidnight = ((local % 86_400) + 86_400) % 86_400
        return Instant(seconds: moment.wholeSeconds - sinceMidnight)
    }

    /// Whether the offset changes neither on that day nor on one beside it, from where a fire might have been moved.
    private mutating func isRegular(_ start: Instant, _ end: Instant) -> Bool {
        let from = start - Self.day
        if let change, change.asked <= from, change.at.map({ $0 > from }) ?? true {
            return change.at.map { $0 > end + Self.day } ?? true
        }
        let at = cron.zone.nextOffsetChange(after: from - .microseconds(1))?.at
        change = (from, at)
        return at.map { $0 > end + Self.day } ?? true
    }
}
