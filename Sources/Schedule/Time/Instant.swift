/// A moment in time, to the microsecond, on the scale of Unix time (every day has 86,400 seconds).
public struct Instant: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z, negative before it.
    public var microseconds: Int64

    /// The moment so many microseconds after 1970-01-01T00:00:00Z.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The moment so many seconds after 1970-01-01T00:00:00Z.
    ///
    /// Seconds that do not fit (about 292,000 years) become the first or the last moment that does.
    public init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        microseconds = overflow ? (seconds < 0 ? Int64.min : Int64.max) : product
    }

    /// The last whole second that is not after this moment.
    public var wholeSeconds: Int64 {
        floorDivide(microseconds, by: 1_000_000)
    }

    /// Whether the left moment comes first.
    public static func < (left: Instant, right: Instant) -> Bool {
        left.microseconds < right.microseconds
    }

    /// The moment after a length of time; what is finer than a microsecond is dropped.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(microseconds: instant.microseconds.addingClamped(duration.wholeMicroseconds))
    }

    /// The moment before a length of time; what is finer than a microsecond is dropped.
    public static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(microseconds: instant.microseconds.subtractingClamped(duration.wholeMicroseconds))
    }

    /// The length of time from the right moment to the left one.
    public static func - (left: Instant, right: Instant) -> Duration {
        .microseconds(left.microseconds.subtractingClamped(right.microseconds))
    }

    /// Moves this moment later.
    public static func += (instant: inout Instant, duration: Duration) {
        instant = instant + duration
    }

    /// Moves this moment earlier.
    public static func -= (instant: inout Instant, duration: Duration) {
        instant = instant - duration
    }
}

extension Duration {
    /// The duration in microseconds, rounded towards zero; what does not fit becomes the least or the greatest that
    /// does.
    public var wholeMicroseconds: Int64 {
        Int64(clamping: attoseconds / 1_000_000_000_000)
    }
}

extension Int64 {
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
