/// The fire times of a cron expression in a time zone.
///
/// Fire times are whole seconds and strictly increasing, in every zone and year. The answers are pure: they depend on
/// nothing but the schedule and the moment asked about.
public struct CronSchedule: Sendable, Hashable {
    /// What is asked for.
    public let expression: CronExpression
    /// The zone whose clocks the expression speaks of.
    public let zone: Zone
    /// What becomes of times that these clocks skip or repeat.
    public let daylightSaving: DaylightSavingPolicy

    let gap: DaylightSavingPolicy.Gap
    let overlap: DaylightSavingPolicy.Overlap

    /// A schedule.
    ///
    /// - Parameter dst: what becomes of skipped and repeated wall times; the default is the rule of Debian's cron.
    public init(_ expression: CronExpression, zone: Zone, dst: DaylightSavingPolicy = .standard) {
        self.expression = expression
        self.zone = zone
        daylightSaving = dst
        gap = dst.gap(repeats: expression.repeats)
        overlap = dst.overlap(repeats: expression.repeats)
    }

    /// How far a search goes, in seconds: 100 years.
    ///
    /// No expression leaves more than 40 years between two days. What lies beyond has no fire time at all, such as a
    /// time that each year falls into the gap under `gap: skip`.
    private static let horizon: Int64 = 100 * 366 * 86_400

    /// The first fire time after a moment; nil when there is none within 100 years.
    public func next(after instant: Instant) -> Instant? {
        var second = instant.wholeSeconds &+ 1
        let limit = second &+ CronSchedule.horizon
        // Between these two wall times nothing matches: a rare expression is searched once, not once for each change of
        // the clocks.
        var searched = (from: Int64.max, found: Int64.min)
        while second < limit {
            let segment = zone.rules.segment(at: second)
            let reached = segment.reachedBefore
            if gap == .next, second == segment.start, reached < segment.wallStart,
                let skipped = expression.fields.next(onOrAfter: reached), skipped < segment.wallStart
            {
                return Instant(seconds: second)
            }
            var wall = second &+ segment.offset
            if overlap == .first, wall < reached { wall = reached }
            if wall < searched.from || wall > searched.found {
                guard let found = expression.fields.next(onOrAfter: wall) else { return nil }
                searched = (wall, found)
            }
            let end = overlap == .last ? min(segment.wallEnd, segment.returnsAt) : segment.wallEnd
            if searched.found < end { return Instant(seconds: searched.found &- segment.offset) }
            second = segment.end
        }
        return nil
    }

    /// The last fire time before a moment; nil when there is none within 100 years.
    public func previous(before instant: Instant) -> Instant? {
        // The last whole second that lies before the moment.
        var second = Instant(microseconds: instant.microseconds.subtractingClamped(1)).wholeSeconds
        let limit = second &- CronSchedule.horizon
        var searched = (found: Int64.max, from: Int64.min)
        while second > limit {
            let segment = zone.rules.segment(at: second)
            let reached = segment.reachedBefore
            var wall = second &+ segment.offset
            if overlap == .last, wall >= segment.returnsAt { wall = segment.returnsAt &- 1 }
            if wall > searched.from || wall < searched.found {
                guard let found = expression.fields.previous(onOrBefore: wall) else { return nil }
                searched = (found, wall)
            }
            let start = overlap == .first ? max(segment.wallStart, reached) : segment.wallStart
            if searched.found >= start { return Instant(seconds: searched.found &- segment.offset) }
            if gap == .next, reached < segment.wallStart, segment.start > ZoneRules.distantPast,
                let skipped = expression.fields.next(onOrAfter: reached), skipped < segment.wallStart
            {
                return Instant(seconds: segment.start)
            }
            second = segment.start &- 1
        }
        return nil
    }
}
