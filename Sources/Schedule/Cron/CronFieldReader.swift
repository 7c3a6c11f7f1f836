/// Reads one field of a cron expression: a list of elements.
struct CronFieldReader {
    let bytes: [UInt8]
    let range: Range<Int>
    let field: CronField
    let hashKey: String
    var position: Int

    init(bytes: [UInt8], range: Range<Int>, field: CronField, hashKey: String) {
        self.bytes = bytes
        self.range = range
        self.field = field
        self.hashKey = hashKey
        position = range.lowerBound
    }

    var peek: UInt8? { position < range.upperBound ? bytes[position] : nil }

    /// The next byte as a capital letter; nil at the end or when it is no letter.
    var peekLetter: UInt8? {
        guard let byte = peek, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) else { return nil }
        return byte & 0xDF
    }

    mutating func accept(_ mark: Unicode.Scalar) -> Bool {
        guard let byte = peek, UInt32(byte) == mark.value else { return false }
        position += 1
        return true
    }

    mutating func acceptLetter(_ letter: Unicode.Scalar) -> Bool {
        guard let byte = peekLetter, UInt32(byte) == letter.value else { return false }
        position += 1
        return true
    }

    mutating func items() throws(CronError) -> [CronItem] {
        var items: [CronItem] = []
        repeat {
            let start = position
            let item = try item()
            if let peek, peek != UInt8(ascii: ",") { throw unexpected(after: start) }
            items.append(item)
            if case .nearestWeekday = item, items.count > 1 || peek != nil {
                throw CronError(
                    .syntax,
                    "\(text(start..<position)) must stand alone in its field",
                    help: "use one trigger for each day",
                    at: start..<position
                )
            }
        } while accept(",")
        return items
    }

    private mutating func item() throws(CronError) -> CronItem {
        if accept("*") || accept("?") { return .every(step: try step(isOpen: false) ?? 1) }
        if let letter = peekLetter, nextIsNoLetter || letter == UInt8(ascii: "L") {
            if letter == UInt8(ascii: "H") { return try hashed() }
            if letter == UInt8(ascii: "L"), field == .dayOfMonth { return try last() }
        }
        let start = position
        let low = try value()
        if field == .dayOfMonth, acceptLetter("W") { return .nearestWeekday(low) }
        if field == .dayOfWeek {
            if acceptLetter("L") { return .lastOf(weekday: low % 7) }
            if accept("#") { return .nth(weekday: low % 7, try ordinal(start)) }
        }
        var high = low
        let isRange = accept("-")
        if isRange {
            guard peek != nil, peek != UInt8(ascii: ",") else {
                throw CronError(
                    .syntax,
                    "the range has no end",
                    help: "write where it ends, such as \(rangeExample)",
                    at: start..<position
                )
            }
            high = try value()
        }
        let step = try step(isOpen: !isRange)
        // A step on one number starts from it, and 6-6/3 is one number too (as in cronsim; else its step would mean
        // nothing).
        let isOpen = step != nil && low == high
        if isOpen { high = field.allowed.upperBound }
        return .range(low: low, high: high, step: step ?? 1, isOpen: isOpen)
    }

    private var nextIsNoLetter: Bool {
        guard position + 1 < range.upperBound else { return true }
        return !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[position + 1] | 0x20)
    }

    private var rangeExample: String {
        switch field {
        case .dayOfWeek: "MON-FRI"
        case .month: "JAN-MAR"
        case .dayOfMonth: "1-15"
        case .hour: "9-17"
        case .second, .minute: "0-29"
        }
    }

    /// `/15`; nil when there is none.
    ///
    /// A step as long as the field is an error (as in Cronos), since it is mostly a slip: `*/60` for "every hour". Days
    /// are the exception: `*/100,1-7` with a weekday is the usual way to say "and" in Debian's cron.
    private mutating func step(isOpen: Bool) throws(CronError) -> Int? {
        let start = position
        guard accept("/") else { return nil }
        let digits = position
        guard let step = number() else {
            let end = min(position + 1, range.upperBound)
            throw CronError(
                .syntax,
                "the step is missing",
                help: "write a number after the /, such as /5",
                at: start..<max(end, position)
            )
        }
        guard step > 0 else {
            throw CronError(
                .outOfRange,
                "a step of 0 never moves on",
                help: "write 1 or more after the /",
                at: digits..<position
            )
        }
        let most = field.allowed.upperBound
        guard step <= most || (field.isDay && !isOpen) else {
            throw CronError(
                .outOfRange,
                "a step of \(step) is longer than the \(field.name) field",
                help: "write a step from 1 to \(most)"
                    + (field == .minute && step == 60 ? "; every hour is 0 * * * *" : ""),
                at: digits..<position
            )
        }
        return step
    }

    /// `#2`: 1 to 5, one digit.
    private mutating func ordinal(_ start: Int) throws(CronError) -> Int {
        let digits = position
        guard let ordinal = number(), position == digits + 1, (1...5).contains(ordinal) else {
            throw CronError(
                .outOfRange,
                "the number after # says which of the month it is",
                help: "write 1 to 5, such as MON#2 for the second Monday",
                at: start..<max(position, digits)
            )
        }
        return ordinal
    }

    /// Digits as a number; nil when there is none.
    ///
    /// Numbers that cannot be right in any field are cut off at a million.
    mutating func number() -> Int? {
        var value: Int?
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            value = min((value ?? 0) * 10 + Int(byte - UInt8(ascii: "0")), 1_000_000)
            position += 1
        }
        return value
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}
