/// A moment from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z, to the nanosecond
/// (cel-spec, "Timestamps and durations").
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    public let seconds: Int64
    /// Nanoseconds after `seconds`, 0 to 999,999,999.
    public let nanoseconds: Int32

    /// A moment; nil when outside the years 1 to 9999.
    ///
    /// Nanoseconds may be any number and carry over.
    public init?(seconds: Int64, nanoseconds: Int64 = 0) {
        let (carry, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var (whole, overflow) = seconds.addingReportingOverflow(carry)
        guard !overflow else { return nil }
        var fraction = rest
        if fraction < 0 {
            fraction += 1_000_000_000
            whole -= 1
        }
        guard Self.range.contains(whole) else { return nil }
        self.seconds = whole
        self.nanoseconds = Int32(fraction)
    }

    /// Seconds since 1970 that a timestamp can hold.
    public static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// Whether `lhs` is earlier.
    public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
        (lhs.seconds, lhs.nanoseconds) < (rhs.seconds, rhs.nanoseconds)
    }

    /// The moment `duration` later, nil when out of range.
    public func adding(_ duration: CELDuration) -> Timestamp? {
        let (whole, rest) = duration.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return Timestamp(seconds: seconds + whole, nanoseconds: Int64(nanoseconds) + rest)
    }

    /// The moment `duration` earlier, nil when out of range.
    public func subtracting(_ duration: CELDuration) -> Timestamp? {
        let (whole, rest) = duration.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return Timestamp(seconds: seconds - whole, nanoseconds: Int64(nanoseconds) - rest)
    }

    /// The time from `earlier` to this, nil when longer than a duration can be.
    public func since(_ earlier: Timestamp) -> CELDuration? {
        let (whole, overflow) = (seconds - earlier.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        let (sum, carried) = whole.addingReportingOverflow(Int64(nanoseconds) - Int64(earlier.nanoseconds))
        return carried ? nil : CELDuration(nanoseconds: sum)
    }
}

extension Timestamp {
    /// RFC 3339 in UTC, with as many digits of a second as needed: `2009-02-13T23:31:30.5Z`.
    public var rfc3339: String {
        let time = CivilTime(secondsSinceEpoch: seconds)
        var text = "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2))T"
        text += "\(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2))"
        return text + fractionText(Int64(nanoseconds)) + "Z"
    }

    /// Reads RFC 3339; digits of a second beyond nine are cut off.
    ///
    /// Nil when malformed or out of range.
    public init?(rfc3339 text: String) {
        var reader = TimeReader(text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), reader.take("T") || reader.take("t"), let hour = reader.digits(2),
            reader.take(":"), let minute = reader.digits(2), reader.take(":"), let second = reader.digits(2)
        else { return nil }
        guard (1...12).contains(month), day >= 1, day <= CivilTime.length(ofMonth: month, in: year),
            hour <= 23, minute <= 59, second <= 59
        else { return nil }
        guard let nanoseconds = reader.fraction() else { return nil }
        var offset: Int64 = 0
        if !reader.take("Z"), !reader.take("z") {
            guard let read = reader.offset(requiringSign: true) else { return nil }
            offset = Int64(read)
        }
        guard reader.isAtEnd else { return nil }
        let days = CivilTime.days(year: year, month: month, day: day)
        let seconds = days * 86400 + Int64(hour * 3600 + minute * 60 + second) - offset
        self.init(seconds: seconds, nanoseconds: nanoseconds)
    }
}

/// `number` with zeros in front, `width` digits at least.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return digits.count >= width ? digits : String(repeating: "0", count: width - digits.count) + digits
}

/// `.5` for 500,000,000 nanoseconds, nothing for zero.
func fractionText(_ nanoseconds: Int64) -> String {
    guard nanoseconds != 0 else { return "" }
    var digits = Substring(padded(Int(nanoseconds), 9))
    while digits.last == "0" { digits.removeLast() }
    return "." + digits
}
