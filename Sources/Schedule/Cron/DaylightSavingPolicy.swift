/// What a schedule does with wall times that clocks skip or show twice.
///
/// Without a choice the rule is that of Debian's cron: a schedule that repeats (see `CronExpression.repeats`) fires at
/// real wall times only, at each occurrence; any other fires, when its time falls into a gap, at the first moment after
/// it, and when its time comes twice, at the first occurrence only.
public struct DaylightSavingPolicy: Sendable, Hashable {
    /// What becomes of a time that the clocks skip.
    public enum Gap: String, CaseIterable, Sendable, Hashable {
        /// It fires at the first moment after the gap; all times in one gap fire once.
        case next
        /// It does not fire.
        case skip
    }

    /// What becomes of a time that the clocks show twice.
    public enum Overlap: String, CaseIterable, Sendable, Hashable {
        /// It fires at the first occurrence.
        case first
        /// It fires at the last occurrence.
        case last
        /// It fires at each.
        case both
    }

    /// The choice for skipped times; nil leaves it to the rule.
    public var gap: Gap?
    /// The choice for repeated times; nil leaves it to the rule.
    public var overlap: Overlap?

    /// The rule of Debian's cron.
    public static let standard = DaylightSavingPolicy()

    /// A policy; what is nil follows the rule.
    public init(gap: Gap? = nil, overlap: Overlap? = nil) {
        self.gap = gap
        self.overlap = overlap
    }

    func gap(repeats: Bool) -> Gap { gap ?? (repeats ? .skip : .next) }

    func overlap(repeats: Bool) -> Overlap { overlap ?? (repeats ? .both : .first) }
}
