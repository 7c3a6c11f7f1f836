/// A length of time to the nanosecond, about 292 years at most (cel-spec, "Timestamps and durations").
public struct CELDuration: Sendable, Hashable, Comparable {
    /// Nanoseconds, negative for a time that runs back.
    public let nanoseconds: Int64

    /// A length of time in nanoseconds.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// A length of time in seconds, nil when too long.
    public init?(seconds: Int64, nanoseconds: Int64 = 0) {
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carried) = whole.addingReportingOverflow(nanoseconds)
        guard !overflow, !carried else { return nil }
        self.nanoseconds = sum
    }

    /// Whole seconds, rounded towards zero.
    public var seconds: Int64 { nanoseconds / 1_000_000_000 }

    /// Whether `lhs` is shorter, or more negative.
    public static func < (lhs: CELDuration, rhs: CELDuration) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

    /// Swift's own duration of this length.
    public var duration: Duration { .nanoseconds(nanoseconds) }
}

extension CELDuration {
    /// As CEL writes it: seconds, with a fraction where there is one: `5400s`, `-0.5s`.
    public var text: String {
        let magnitude = nanoseconds.magnitude
        let sign = nanoseconds < 0 ? "-" : ""
        return sign + String(magnitude / 1_000_000_000) + fractionText(Int64(magnitude % 1_000_000_000)) + "s"
    }

    /// Reads what Go's `time.ParseDuration` reads: numbers with a unit each (`h m s ms us µs ns`), such as `1h30m`,
    /// `-1.5s` and `0`.
    ///
    /// Nil when malformed or too long.
    public init?(_ text: String) {
        var rest = Substring(text)
        let negative = rest.first == "-"
        if negative || rest.first == "+" { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        if rest == "0" {
            self.init(nanoseconds: 0)
            return
        }
        var total: UInt64 = 0
        while !rest.isEmpty {
            let whole = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(whole.count)
            var fraction = Substring()
            if rest.first == "." {
                rest.removeFirst()
                fraction = rest.prefix { ("0"..."9").contains($0) }
                rest = rest.dropFirst(fraction.count)
            }
            guard !whole.isEmpty || !fraction.isEmpty else { return nil }
            let unit = rest.prefix { !("0"..."9").contains($0) && $0 != "." }
            rest = rest.dropFirst(unit.count)
            guard let scale = Self.scales[String(unit)], let part = Self.nanoseconds(whole, fraction, scale) else {
                return nil
            }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow, sum <= Int64.min.magnitude else { return nil }
            total = sum
        }
        if negative {
            self.init(nanoseconds: Int64(truncatingIfNeeded: 0 &- total))
        } else {
            guard let total = Int64(exactly: total) else { return nil }
            self.init(nanoseconds: total)
        }
    }

    private static let scales: [String: UInt64] = [
        "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
        "h": 3_600_000_000_000,
    ]

    private static func nanoseconds(_ whole: Substring, _ fraction: Substring, _ scale: UInt64) -> UInt64? {
        guard let number = whole.isEmpty ? 0 : UInt64(whole) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        guard !overflow else { return nil }
        var rest: UInt64 = 0
        var unit = scale
        for digit in fraction {
            // Below a nanosecond nothing is kept, as in Go.
            guard unit >= 10, let value = digit.wholeNumberValue else { break }
            rest += UInt64(value) * (unit / 10)
            // Units such as the minute are no powers of ten, but each has enough factors for nine digits.
            guard unit % 10 == 0 else { break }
            unit /= 10
        }
        let (sum, carried) = product.addingReportingOverflow(rest)
        return carried ? nil : sum
    }
}
