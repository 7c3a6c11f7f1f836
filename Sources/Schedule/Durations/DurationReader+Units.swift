extension DurationReader {
    /// Reads `1h30m`: numbers with units, one after the other.
    ///
    /// A bare `0` needs no unit.
    mutating func units(_ isNegative: Bool) throws(DurationError) -> Duration {
        if bytes[position...].elementsEqual([UInt8(ascii: "0")]) { return .zero }
        var total: UInt64 = 0
        repeat {
            let start = position
            guard let number = try number(fractionMarks: [UInt8(ascii: ".")]) else {
                throw notANumber(at: start)
            }
            let unitStart = position
            let unit = word()
            guard let size = DurationReader.unitSizes[unit] else {
                throw unknownUnit(unit, at: unitStart)
            }
            guard let part = number.amount(ofUnit: size) else { throw tooLong() }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { throw tooLong() }
            total = sum
        } while position < bytes.count
        return try duration(total, isNegative: isNegative)
    }

    private func notANumber(at start: Int) -> DurationError {
        DurationError(
            "\"\(String(decoding: bytes, as: UTF8.self))\" is not a duration",
            help: DurationText.examples,
            at: min(start, bytes.count)..<bytes.count
        )
    }

    private func unknownUnit(_ unit: String, at start: Int) -> DurationError {
        let range = start..<max(position, min(start + 1, bytes.count))
        guard !unit.isEmpty else {
            let written = String(decoding: bytes, as: UTF8.self)
            return DurationError(
                "the unit is missing after \"\(String(decoding: bytes[..<start], as: UTF8.self))\"",
                help: start == bytes.count
                    ? "write \(written)s for seconds, or \(written)m for minutes" : DurationText.examples,
                at: start == bytes.count ? 0..<bytes.count : range
            )
        }
        let trimmed = String(unit.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        if let meant = DurationReader.unitWords[trimmed.lowercased()]
            ?? DurationReader.unitSizes[trimmed].map({ _ in trimmed })
        {
            let isAll = position == bytes.count
            return DurationError(
                "\"\(unit)\" is not a unit of time",
                help: isAll
                    ? "write \(String(decoding: bytes[..<start], as: UTF8.self))\(meant)"
                    : "write \(meant) directly after the number",
                at: range
            )
        }
        return DurationError(
            "unknown unit \"\(trimmed)\"",
            help: "the units are ns, us, ms, s, m, h, d and w",
            at: range
        )
    }

    private static let unitSizes: [String: UInt64] = [
        "ns": 1, "us": 1_000, "\u{B5}s": 1_000, "\u{3BC}s": 1_000, "ms": 1_000_000, "s": 1_000_000_000,
        "m": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000, "w": 604_800_000_000_000,
    ]

    /// What people write for a unit in other notations.
    private static let unitWords: [String: String] = [
        "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
        "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "week": "w", "weeks": "w",
        "msec": "ms", "msecs": "ms", "millis": "ms", "millisecond": "ms", "milliseconds": "ms",
    ]
}
