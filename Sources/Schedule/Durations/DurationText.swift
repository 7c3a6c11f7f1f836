/// Durations as people write them: `250ms 90s 5m 1h30m 2d 1w`, or ISO 8601 `PT5M`.
///
/// The first notation is Go's (`time.ParseDuration`: fractions, a sign, `ns us µs ms s m h`) with `d` (24 hours) and
/// `w` (7 days) beside it. Both hold at most what fits into 64 bits of nanoseconds, about 292 years.
public enum DurationText {
    /// Reads a duration in either notation.
    ///
    /// - Throws: `DurationError` with the place and the mend.
    public static func parse(_ text: some StringProtocol) throws(DurationError) -> Duration {
        let bytes = Array(text.utf8)
        var reader = DurationReader(bytes)
        guard !bytes.isEmpty else {
            throw DurationError("the duration is empty", help: examples, at: 0..<0)
        }
        let isNegative = reader.sign()
        if reader.peek == UInt8(ascii: "P") || reader.peek == UInt8(ascii: "p") {
            return try reader.iso8601(isNegative)
        }
        return try reader.units(isNegative)
    }

    /// Reads a duration that must be longer than nothing, as an interval or a timeout is.
    ///
    /// - Throws: `DurationError`, also for `0s` and for durations with a minus sign.
    public static func parsePositive(_ text: some StringProtocol) throws(DurationError) -> Duration {
        let duration = try parse(text)
        guard duration > .zero else {
            let message = duration == .zero ? "the duration is zero" : "the duration is negative"
            throw DurationError(
                message,
                help: "write a duration longer than nothing, such as 90s",
                at: 0..<text.utf8.count
            )
        }
        return duration
    }

    /// Writes a duration so that `parse` reads the same one: `0s`, `250ms`, `1m30s`, `1h30m`, `2d`, `1w`, `1.5s`.
    ///
    /// What is finer than a nanosecond is dropped.
    public static func format(_ duration: Duration) -> String {
        let total = duration.components
        let nanoseconds = Int(total.attoseconds / 1_000_000_000)
        guard total.seconds != 0 || nanoseconds != 0 else { return "0s" }
        let sign = total.seconds < 0 || nanoseconds < 0 ? "-" : ""
        let seconds = total.seconds.magnitude
        let fraction = UInt64(nanoseconds.magnitude)
        if seconds == 0 {
            let unit: (size: UInt64, name: String, digits: Int) =
                fraction < 1_000 ? (1, "ns", 0) : fraction < 1_000_000 ? (1_000, "µs", 3) : (1_000_000, "ms", 6)
            return sign + "\(fraction / unit.size)" + decimals(fraction % unit.size, unit.digits) + unit.name
        }
        if fraction == 0, seconds % 604_800 == 0 { return sign + "\(seconds / 604_800)w" }
        var text = sign
        if seconds >= 86_400 { text += "\(seconds / 86_400)d" }
        if seconds / 3_600 % 24 != 0 { text += "\(seconds / 3_600 % 24)h" }
        if seconds / 60 % 60 != 0 { text += "\(seconds / 60 % 60)m" }
        if seconds % 60 != 0 || fraction != 0 { text += "\(seconds % 60)" + decimals(fraction, 9) + "s" }
        return text
    }

    /// `.25` for a fraction of so many digits; nothing for zero.
    private static func decimals(_ fraction: UInt64, _ digits: Int) -> String {
        guard fraction != 0 else { return "" }
        var text = padded(Int(fraction), digits)
        while text.utf8.last == UInt8(ascii: "0") { text.removeLast() }
        return "." + text
    }

    static let examples = "write a number and a unit, such as 250ms, 90s, 5m, 1h30m, 2d or 1w"
}
