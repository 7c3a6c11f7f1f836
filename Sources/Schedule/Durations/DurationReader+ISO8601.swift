extension DurationReader {
    /// Reads `P1DT2H3M4S` or `P2W`, in this order, each part at most once.
    ///
    /// A fraction may follow any number, with a point or a comma.
    ///
    /// Years and months are refused: they have no fixed length.
    mutating func iso8601(_ isNegative: Bool) throws(DurationError) -> Duration {
        position += 1
        var total: UInt64 = 0
        var isTime = false
        var next = 0
        var hasParts = false
        while position < bytes.count {
            if !isTime, bytes[position] | 0x20 == UInt8(ascii: "t") {
                isTime = true
                next = 0
                hasParts = false
                position += 1
                continue
            }
            let start = position
            guard let number = try number(fractionMarks: [UInt8(ascii: "."), UInt8(ascii: ",")]), let letter = peek
            else {
                throw malformed(at: start)
            }
            position += 1
            let designator = letter & 0xDF
            if !isTime, designator == UInt8(ascii: "Y") || designator == UInt8(ascii: "M") {
                throw DurationError(
                    "years and months have no fixed length",
                    help: "write days or weeks, such as P30D (minutes stand after a T: PT5M)",
                    at: start..<position
                )
            }
            let parts = isTime ? DurationReader.timeParts : DurationReader.dateParts
            guard let index = parts.firstIndex(where: { $0.letter == designator }), index >= next else {
                throw malformed(at: start)
            }
            next = index + 1
            hasParts = true
            guard let part = number.amount(ofUnit: parts[index].size) else { throw tooLong() }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { throw tooLong() }
            total = sum
        }
        guard hasParts else { throw malformed(at: 0) }
        return try duration(total, isNegative: isNegative)
    }

    private func malformed(at start: Int) -> DurationError {
        DurationError(
            "\"\(String(decoding: bytes, as: UTF8.self))\" is not an ISO 8601 duration",
            help: "write it as P1DT2H30M, PT5M or P2W",
            at: start..<bytes.count
        )
    }

    private static let dateParts: [(letter: UInt8, size: UInt64)] = [
        (UInt8(ascii: "W"), 604_800_000_000_000), (UInt8(ascii: "D"), 86_400_000_000_000),
    ]

    private static let timeParts: [(letter: UInt8, size: UInt64)] = [
        (UInt8(ascii: "H"), 3_600_000_000_000), (UInt8(ascii: "M"), 60_000_000_000), (UInt8(ascii: "S"), 1_000_000_000),
    ]
}
