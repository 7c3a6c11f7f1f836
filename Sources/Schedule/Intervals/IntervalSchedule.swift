/// Fire times at a fixed distance, for ever and without drift: the moments that lie `phase` after a multiple of
/// `period` since 1970-01-01T00:00:00Z.
///
/// They depend on the period and the phase alone, so a restart, or another node, keeps them. Daylight saving does not
/// move them.
public struct IntervalSchedule: Sendable, Hashable {
    private let periodMicroseconds: Int64
    private let phaseMicroseconds: Int64

    /// The distance between two fire times.
    public var period: Duration { .microseconds(periodMicroseconds) }
    /// What the fire times lie after the multiples of the period; less than the period.
    public var phase: Duration { .microseconds(phaseMicroseconds) }

    /// The shortest period.
    ///
    /// A shorter one would only be a busy loop.
    public static let shortestPeriod = Duration.milliseconds(10)

    /// A schedule with a given phase, which is taken modulo the period.
    ///
    /// - Throws: `DurationError` when the period is shorter than `shortestPeriod`.
    public init(period: Duration, phase: Duration) throws(DurationError) {
        guard period >= IntervalSchedule.shortestPeriod else {
            throw DurationError(
                period == .zero ? "an interval of 0s would fire without end" : "an interval must be at least 10ms",
                help: "write a longer interval, such as 90s or 5m",
                at: 0..<DurationText.format(period).utf8.count
            )
        }
        periodMicroseconds = period.wholeMicroseconds
        let remainder = phase.wholeMicroseconds % periodMicroseconds
        phaseMicroseconds = remainder < 0 ? remainder + periodMicroseconds : remainder
    }

    /// A schedule whose phase is a hash of the key, in whole milliseconds, so that equal intervals of many recipes
    /// spread over the period.
    ///
    /// - Throws: `DurationError` when the period is shorter than `shortestPeriod`.
    public init(period: Duration, hashKey: String) throws(DurationError) {
        let milliseconds = UInt64(max(1, period.wholeMicroseconds / 1_000))
        let phase = Duration.milliseconds(Int64(StableHash.value(of: hashKey, below: milliseconds)))
        try self.init(period: period, phase: phase)
    }

    /// A schedule on round times, `align: clock`: multiples of the period since midnight UTC of 1970-01-01, and for
    /// whole weeks since the Monday after it.
    ///
    /// - Throws: `DurationError` when the period is shorter than `shortestPeriod`.
    public static func alignedToClock(period: Duration) throws(DurationError) -> IntervalSchedule {
        let week: Int64 = 7 * 86_400_000_000
        let isWeeks = period.wholeMicroseconds % week == 0
        // 1970-01-01 was a Thursday; a week begins on Monday (ISO 8601).
        return try IntervalSchedule(period: period, phase: isWeeks ? .seconds(4 * 86_400) : .zero)
    }

    /// Reads the period of an interval: a duration of at least `shortestPeriod`.
    ///
    /// - Throws: `DurationError` with the place in the text and the mend.
    public static func parsePeriod(_ text: some StringProtocol) throws(DurationError) -> Duration {
        let period = try DurationText.parsePositive(text)
        do {
            return try IntervalSchedule(period: period, phase: .zero).period
        } catch {
            throw DurationError(error.message, help: error.help, at: 0..<text.utf8.count)
        }
    }

    /// The first fire time after a moment; nil only at the end of the range of `Instant`.
    public func next(after instant: Instant) -> Instant? {
        let (distance, overflow) = instant.microseconds.subtractingReportingOverflow(phaseMicroseconds)
        guard !overflow else { return nil }
        let (product, tooFar) = (floorDivide(distance, by: periodMicroseconds) + 1)
            .multipliedReportingOverflow(by: periodMicroseconds)
        let (result, outside) = product.addingReportingOverflow(phaseMicroseconds)
        return tooFar || outside ? nil : Instant(microseconds: result)
    }

    /// The last fire time before a moment; nil only at the beginning of the range of `Instant`.
    public func previous(before instant: Instant) -> Instant? {
        let (distance, overflow) = instant.microseconds.subtractingReportingOverflow(phaseMicroseconds + 1)
        guard !overflow else { return nil }
        let (product, tooFar) = floorDivide(distance, by: periodMicroseconds)
            .multipliedReportingOverflow(by: periodMicroseconds)
        return tooFar ? nil : Instant(microseconds: product + phaseMicroseconds)
    }
}
