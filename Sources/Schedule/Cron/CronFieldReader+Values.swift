extension CronFieldReader {
    /// A number or a name that the field allows.
    mutating func value() throws(CronError) -> Int {
        let start = position
        if let number = number() {
            guard field.allowed.contains(number) else {
                throw CronError(
                    .outOfRange,
                    "\(text(start..<position)) is not \(field.nameWithArticle)",
                    help: "write \(field.allowedWords)",
                    at: start..<position
                )
            }
            return number
        }
        while peekLetter != nil, !isLastMark(after: start) { position += 1 }
        let word = text(start..<position)
        if let index = field.names.firstIndex(of: word.uppercased()) { return index + field.distinct.lowerBound }
        throw word.isEmpty ? unexpected(after: start) : unknown(word, at: start..<position)
    }

    /// The L of `FRIL`, the last Friday of the month.
    private func isLastMark(after start: Int) -> Bool {
        field == .dayOfWeek && position == start + 3 && peekLetter == UInt8(ascii: "L") && position + 1 == elementEnd
    }

    private var elementEnd: Int {
        bytes[position..<range.upperBound].firstIndex(of: UInt8(ascii: ",")) ?? range.upperBound
    }

    private func unknown(_ word: String, at range: Range<Int>) -> CronError {
        let capitals = word.uppercased()
        var help = "write \(field.allowedWords)"
        if capitals == "L" || capitals == "W" || capitals == "LW" {
            help =
                field == .dayOfWeek
                ? "write 5L for the last Friday of the month, or put \(capitals) into the day of month field"
                : field == .dayOfMonth
                    ? "write 15W for the weekday nearest to the 15th"
                    : "\(capitals) belongs into the day of month field"
        } else if let full = field.names.first(where: { capitals.hasPrefix($0) }) {
            help = "write \(full)"
        } else if let near = NearestWord.among(field.names, to: capitals) {
            help = "did you mean \(near)?"
        } else if let other = CronField.allCases.first(where: { $0.names.contains(capitals) }) {
            help = "\(capitals) belongs into the \(other.name) field"
        }
        return CronError(.unknownName, "\"\(word)\" is not \(field.nameWithArticle)", help: help, at: range)
    }

    /// What stands here cannot; `start` is where its element begins.
    func unexpected(after start: Int) -> CronError {
        guard position < range.upperBound, bytes[position] != UInt8(ascii: ",") else {
            let place = max(range.lowerBound, min(position, range.upperBound - 1))
            return CronError(
                .syntax,
                "the \(field.name) list has an empty element",
                help: "write \(field.allowedWords)",
                at: place..<place + 1
            )
        }
        let rest = position..<elementEnd
        let head = start..<position
        if bytes[position] | 0x20 == UInt8(ascii: "w"), field == .dayOfMonth {
            return CronError(
                .syntax,
                "W takes one day, not \(text(head))",
                help: "write 15W for the weekday nearest to the 15th",
                at: start..<rest.upperBound
            )
        }
        if bytes[position] == UInt8(ascii: "#"), field == .dayOfWeek, !head.isEmpty {
            return CronError(
                .syntax,
                "# takes one weekday, not \(text(head))",
                help: "write a list, such as MON#2,TUE#2",
                at: start..<rest.upperBound
            )
        }
        let place = head.isEmpty ? "in the \(field.name) field" : "after \(text(head))"
        return CronError(
            .syntax,
            "unexpected \"\(text(rest))\" \(place)",
            help: "write \(field.allowedWords)",
            at: rest
        )
    }

    /// `L`, `L-3`, `LW`, `L-3W`.
    mutating func last() throws(CronError) -> CronItem {
        let start = position
        position += 1
        var before = 0
        let hasOffset = accept("-")
        if hasOffset {
            guard let number = number(), number <= 30 else {
                throw CronError(
                    .outOfRange,
                    "L- takes the number of days before the last of the month",
                    help: "write L-0 to L-30",
                    at: start..<position
                )
            }
            before = number
        }
        let isWeekday = acceptLetter("W")
        if !hasOffset, accept("/") {
            // A step on a single day changes nothing; cronsim accepts it, so crontabs may hold it.
            guard let step = number(), step > 0 else { throw unexpected(after: start) }
        }
        return isWeekday ? .lastWeekday(before: before) : .last(before: before)
    }

    /// `H`, `H(0-29)`, `H/15`, `H(0-29)/10`, as in Jenkins.
    ///
    /// A plain `H` stays below the 29th of the month, since not every month has more, and takes Sunday once. With a
    /// step the hash chooses the first number below the step.
    mutating func hashed() throws(CronError) -> CronItem {
        let start = position
        position += 1
        var low = field.distinct.lowerBound
        var high = field == .dayOfMonth ? 28 : field.distinct.upperBound
        if accept("(") {
            low = try value()
            guard accept("-") else { throw hashShape(start) }
            high = try value()
            guard accept(")") else { throw hashShape(start) }
            guard low <= high else {
                throw CronError(
                    .outOfRange,
                    "the range of H runs backwards",
                    help: "write H(\(high)-\(low))",
                    at: start..<position
                )
            }
        }
        let key = "\(hashKey)\u{0}\(field.name)"
        guard accept("/") else {
            let value = low + Int(StableHash.value(of: key, below: UInt64(high - low + 1)))
            return .hashed(1 << UInt64(field == .dayOfWeek ? value % 7 : value))
        }
        let digits = position
        guard let step = number(), (1...(high - low + 1)).contains(step) else {
            throw CronError(
                .outOfRange,
                "the step of H does not fit into its range",
                help: "write a step from 1 to \(high - low + 1)",
                at: digits..<max(position, digits)
            )
        }
        let first = low + Int(StableHash.value(of: key, below: UInt64(step)))
        return .hashed(stride(from: first, through: high, by: step).reduce(0) { $0 | 1 << UInt64($1) })
    }

    private func hashShape(_ start: Int) -> CronError {
        CronError(.syntax, "H takes a range in brackets", help: "write H(0-29)", at: start..<max(position, start + 1))
    }
}
