/// Reads a duration from UTF-8 bytes.
struct DurationReader {
    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Passes a sign; true for a minus.
    mutating func sign() -> Bool {
        guard let mark = peek, mark == UInt8(ascii: "-") || mark == UInt8(ascii: "+") else { return false }
        position += 1
        return mark == UInt8(ascii: "-")
    }

    /// A decimal number: the whole part, the fraction as numerator over `scale`, nil when there is no digit.
    ///
    /// Fraction digits that do not fit into 63 bits cannot change a nanosecond and are passed over, as Go does.
    mutating func number(fractionMarks: [UInt8]) throws(DurationError) -> DecimalNumber? {
        let start = position
        var number = DecimalNumber()
        var hasDigits = false
        while let digit = digit() {
            hasDigits = true
            let (product, overflow) = number.whole.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry else { throw tooLong() }
            number.whole = sum
        }
        if let mark = peek, fractionMarks.contains(mark) {
            position += 1
            var isFull = false
            while let digit = digit() {
                hasDigits = true
                guard !isFull, number.fraction <= UInt64(Int64.max) / 10,
                    number.fraction * 10 + digit <= UInt64(Int64.max) + 1
                else {
                    isFull = true
                    continue
                }
                number.fraction = number.fraction * 10 + digit
                number.scale *= 10
            }
        }
        guard hasDigits else {
            position = start
            return nil
        }
        return number
    }

    private mutating func digit() -> UInt64? {
        guard let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        position += 1
        return UInt64(byte - UInt8(ascii: "0"))
    }

    /// The characters up to the next digit, sign or mark: what stands where a unit should.
    mutating func word() -> String {
        let start = position
        while let byte = peek, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), byte != UInt8(ascii: "."),
            byte != UInt8(ascii: "-"), byte != UInt8(ascii: "+")
        {
            position += 1
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    func duration(_ total: UInt64, isNegative: Bool) throws(DurationError) -> Duration {
        // The greatest magnitude is 2^63 - 1, and one more below zero.
        guard total <= UInt64(Int64.max) + (isNegative ? 1 : 0) else { throw tooLong() }
        return .nanoseconds(isNegative ? 0 &- Int64(bitPattern: total) : Int64(total))
    }

    func tooLong() -> DurationError {
        DurationError("the duration is longer than 292 years", at: 0..<bytes.count)
    }
}

/// A decimal number as it was written: `whole + fraction / scale`.
struct DecimalNumber {
    var whole: UInt64 = 0
    var fraction: UInt64 = 0
    var scale = 1.0

    /// How much this many units are; nil when it does not fit.
    ///
    /// The fraction is computed in floating point and cut off, which is what Go does to the last nanosecond.
    func amount(ofUnit unit: UInt64) -> UInt64? {
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        let part = UInt64(Double(fraction) * (Double(unit) / scale))
        let (sum, carry) = product.addingReportingOverflow(part)
        return overflow || carry ? nil : sum
    }
}
