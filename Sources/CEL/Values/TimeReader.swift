/// Reads the parts of RFC 3339 times and of fixed zone offsets from ASCII.
struct TimeReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var isAtEnd: Bool { place == bytes.count }

    /// Goes past `character` if it is next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    /// A number of exactly `count` digits.
    mutating func digits(_ count: Int) -> Int? {
        guard place + count <= bytes.count else { return nil }
        var number = 0
        for byte in bytes[place..<place + count] {
            guard (48...57).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 48)
        }
        place += count
        return number
    }

    /// The nanoseconds of `.123`, 0 without a point, nil for a point without digits.
    mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        var number: Int64 = 0
        var count = 0
        while place < bytes.count, (48...57).contains(bytes[place]) {
            if count < 9 { number = number * 10 + Int64(bytes[place] - 48) }
            count += 1
            place += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 9)..<9 { number *= 10 }
        return number
    }

    /// The seconds of `+02:00`; the sign may be missing for the zone argument of timestamp methods.
    mutating func offset(requiringSign: Bool) -> Int? {
        let negative = take("-")
        guard negative || take("+") || !requiringSign else { return nil }
        guard let hours = digits(2), take(":"), let minutes = digits(2), hours <= 23, minutes <= 59 else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return negative ? -seconds : seconds
    }
}
