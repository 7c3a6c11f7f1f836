/// What a clock on the wall shows: a date and a time of day without a zone.
public struct WallTime: Sendable, Hashable, Comparable {
    /// The year of the proleptic Gregorian calendar.
    public var year: Int
    /// 1 (January) to 12.
    public var month: Int
    /// 1 to 31.
    public var day: Int
    /// 0 to 23.
    public var hour: Int
    /// 0 to 59.
    public var minute: Int
    /// 0 to 59.
    public var second: Int

    /// A wall time from its parts; nil when there is no such date or time of day.
    public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        guard (-9_999...9_999).contains(year), CivilDate(year: year, month: month, day: day).isValid,
            (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// Reads `2026-03-29`, `2026-03-29T02:30` or `2026-03-29T02:30:15` (a space may stand for the `T`); nil for
    /// anything else.
    public init?(_ text: some StringProtocol) {
        var scanner = DigitScanner(Array(text.utf8))
        guard let year = scanner.number(digits: 4), scanner.accept("-"), let month = scanner.number(digits: 2),
            scanner.accept("-"), let day = scanner.number(digits: 2)
        else { return nil }
        var clock = (0, 0, 0)
        if scanner.accept("T") || scanner.accept("t") || scanner.accept(" ") {
            guard let hour = scanner.number(digits: 2), scanner.accept(":"), let minute = scanner.number(digits: 2)
            else { return nil }
            clock = (hour, minute, 0)
            if scanner.accept(":") {
                guard let second = scanner.number(digits: 2) else { return nil }
                clock.2 = second
            }
        }
        guard scanner.isAtEnd else { return nil }
        self.init(year: year, month: month, day: day, hour: clock.0, minute: clock.1, second: clock.2)
    }

    /// The weekday: 0 is Sunday, 6 is Saturday.
    public var weekday: Int {
        CivilDate.weekday(daysSinceEpoch: CivilDate(year: year, month: month, day: day).daysSinceEpoch)
    }

    /// The weekday's English name.
    public var weekdayName: String { EnglishWords.weekday(weekday) }

    /// Whether the left time comes first on the same clock.
    public static func < (left: WallTime, right: WallTime) -> Bool {
        left.secondsSinceEpoch < right.secondsSinceEpoch
    }

    /// The seconds from 1970-01-01T00:00:00 to this time, both read on the same clock.
    var secondsSinceEpoch: Int64 {
        let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
        return Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
    }

    init(secondsSinceEpoch seconds: Int64) {
        let days = floorDivide(seconds, by: 86_400)
        let secondOfDay = Int(seconds - days * 86_400)
        let date = CivilDate(daysSinceEpoch: Int(days))
        year = date.year
        month = date.month
        day = date.day
        hour = secondOfDay / 3_600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60
    }
}

extension WallTime: CustomStringConvertible {
    /// The time as `2026-03-29T02:30:00`.
    public var description: String {
        guard (0...9_999).contains(year) else { return slowDescription }
        // Each line of a log and of a listing has one. Five marks and fields of 4, 2, 2, 2, 2 and 2 digits are 19 bytes, all ASCII, and each is written.
        return String(unsafeUninitializedCapacity: 19) { bytes in
            var position = 0
            func append(_ number: Int, _ width: Int) {
                var rest = number
                for place in (position..<position + width).reversed() {
                    bytes[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                position += width
            }
            func append(_ mark: Unicode.Scalar) {
                bytes[position] = UInt8(ascii: mark)
                position += 1
            }
            append(year, 4)
            append("-")
            append(month, 2)
            append("-")
            append(day, 2)
            append("T")
            append(hour, 2)
            append(":")
            append(minute, 2)
            append(":")
            append(second, 2)
            return position
        }
    }

    private var slowDescription: String {
        "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
    }
}

/// A number with leading zeros.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number.magnitude)
    return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

/// Reads numbers of a fixed width and the marks between them.
struct DigitScanner {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func accept(_ mark: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == mark.value else { return false }
        position += 1
        return true
    }

    mutating func digit() -> Int? {
        guard position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else {
            return nil
        }
        position += 1
        return Int(bytes[position - 1] - UInt8(ascii: "0"))
    }

    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }
}
