extension Instant: CustomStringConvertible {
    /// The moment as RFC 3339, in UTC.
    public var description: String { rfc3339() }

    /// The moment as RFC 3339 (section 5.6), in the offset that the zone has then.
    ///
    /// UTC is written `Z`, other offsets `+02:00`. A fraction is there only when it is not zero, with three or six
    /// digits. RFC 3339 has no seconds in an offset: where a zone had them (local mean time, before standard time) the
    /// offset is rounded down to the minute, and the time with it.
    public func rfc3339(in zone: Zone = .utc) -> String {
        let offset = zone.offset(at: self) / 60 * 60
        let wall = WallTime(secondsSinceEpoch: wholeSeconds + Int64(offset))
        var text = wall.description
        let fraction = Int(microseconds - wholeSeconds * 1_000_000)
        if fraction != 0 {
            text += fraction % 1_000 == 0 ? "." + padded(fraction / 1_000, 3) : "." + padded(fraction, 6)
        }
        guard zone != .utc else { return text + "Z" }
        let magnitude = abs(offset)
        return text + (offset < 0 ? "-" : "+") + padded(magnitude / 3_600, 2) + ":" + padded(magnitude / 60 % 60, 2)
    }

    /// Reads a moment as RFC 3339 (section 5.6); nil when the text is something else.
    ///
    /// Digits of a second finer than a microsecond are dropped. The leap second `23:59:60` is read as the moment after
    /// it, as Unix time counts it.
    public init?(rfc3339 text: some StringProtocol) {
        var scanner = DigitScanner(Array(text.utf8))
        guard let year = scanner.number(digits: 4), scanner.accept("-"), let month = scanner.number(digits: 2),
            scanner.accept("-"), let day = scanner.number(digits: 2),
            scanner.accept("T") || scanner.accept("t") || scanner.accept(" "),
            let hour = scanner.number(digits: 2), scanner.accept(":"), let minute = scanner.number(digits: 2),
            scanner.accept(":"), let second = scanner.number(digits: 2), (0...60).contains(second)
        else { return nil }
        guard let wall = WallTime(year: year, month: month, day: day, hour: hour, minute: minute) else { return nil }
        var fraction: Int64 = 0
        if scanner.accept(".") {
            guard let first = scanner.digit() else { return nil }
            fraction = Int64(first) * 100_000
            var unit: Int64 = 10_000
            while let digit = scanner.digit() {
                fraction += Int64(digit) * unit
                unit /= 10
            }
        }
        guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
        let seconds = wall.secondsSinceEpoch + Int64(second) - Int64(offset)
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }
}

extension DigitScanner {
    /// `Z`, `+05:30` or `-03:00`, in seconds east of UTC.
    mutating func offset() -> Int? {
        if accept("Z") || accept("z") { return 0 }
        let sign: Int
        if accept("+") {
            sign = 1
        } else if accept("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = number(digits: 2), hours < 24, accept(":"), let minutes = number(digits: 2), minutes < 60
        else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}
