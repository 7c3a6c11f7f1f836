import CEL
import Schedule

extension TimePattern {
    /// The moment that a text in this pattern means; `zone` holds where the text itself names no offset.
    ///
    /// White space in the pattern stands for any white space, letters fit in either case. What the text does not say is the first
    /// of its kind: January, the 1st, midnight. A time that the zone's clocks skip is moved by the gap, of two the first is taken.
    func read(_ text: String, in zone: Zone) throws(Flaw) -> Timestamp {
        var reader = TimePatternReader(text)
        for part in parts {
            switch part {
            case .text(let literal): try reader.literal(literal)
            case .field(let field, _): try reader.field(field)
            }
        }
        try reader.end()
        return try reader.timestamp(in: zone)
    }
}

/// Reads a text field by field, and puts what it found together.
private struct TimePatternReader {
    private let characters: [Unicode.Scalar]
    private var place = 0
    private var values: [TimePattern.Field: Int] = [:]
    private var offset: Int?

    init(_ text: String) {
        characters = Array(text.unicodeScalars)
    }

    // MARK: Text to fields

    mutating func literal(_ text: String) throws(TimePattern.Flaw) {
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                while place < characters.count, characters[place].properties.isWhitespace { place += 1 }
            } else {
                guard place < characters.count, characters[place] == scalar else {
                    throw flaw("expected '\(scalar)'")
                }
                place += 1
            }
        }
    }

    mutating func field(_ field: TimePattern.Field) throws(TimePattern.Flaw) {
        switch field {
        case .year: try number(field, "a year", 4, 1...9999)
        case .yearOfCentury: try number(field, "a year of two digits", 2, 0...99)
        case .month: try number(field, "a month", 2, 1...12)
        case .day: try number(field, "a day", 2, 1...31)
        case .dayOfYear: try number(field, "a day of the year", 3, 1...366)
        case .hour: try number(field, "an hour", 2, 0...23)
        case .hourOfTwelve: try number(field, "an hour of twelve", 2, 1...12)
        case .minute: try number(field, "a minute", 2, 0...59)
        case .second: try number(field, "a second", 2, 0...59)
        case .microsecond, .millisecond, .nanosecond: try fraction()
        case .monthName, .monthShort: try name(.month, "a month", TimePattern.months, from: 1)
        case .weekdayName, .weekdayShort: try name(.weekday, "a weekday", TimePattern.weekdays, from: 0)
        case .half, .halfSmall: try name(.half, "AM or PM", ["AM", "PM"], from: 0)
        case .offset, .offsetWithColon: try readOffset()
        case .zone:
            guard ["UTC", "GMT", "Z"].contains(where: { take($0) }) else {
                throw flaw("'%Z' reads UTC, GMT and Z only, since other abbreviations mean several zones; use %z, or")
            }
            offset = 0
        case .epoch: try epoch()
        case .century, .weekday, .isoWeekday, .weekFromSunday, .weekFromMonday, .isoWeek, .isoYear:
            throw TimePattern.Flaw(
                message: "'%\(field.rawValue)' is for time.format() only; time.parse() wants %Y, %m and %d"
            )
        }
    }

    func end() throws(TimePattern.Flaw) {
        guard place == characters.count else { throw flaw("the pattern ends, but the text goes on") }
    }

    private mutating func number(
        _ field: TimePattern.Field,
        _ what: String,
        _ width: Int,
        _ range: ClosedRange<Int>
    ) throws(TimePattern.Flaw) {
        // Where a number is padded with a space, as %e is.
        let start = place
        while place < characters.count, characters[place] == " ", place - start < width - 1 { place += 1 }
        let (value, count) = digits(width)
        guard count > 0, range.contains(value) else {
            place = start
            throw flaw("expected \(what), \(range.lowerBound) to \(range.upperBound)")
        }
        values[field] = value
    }

    private mutating func digits(_ limit: Int) -> (value: Int, count: Int) {
        var value = 0
        var count = 0
        while count < limit, place < characters.count, ("0"..."9").contains(characters[place]) {
            value = value * 10 + Int(characters[place].value - 48)
            place += 1
            count += 1
        }
        return (value, count)
    }

    private mutating func fraction() throws(TimePattern.Flaw) {
        var (value, count) = digits(9)
        guard count > 0 else { throw flaw("expected digits of a second") }
        while count < 9 { (value, count) = (value * 10, count + 1) }
        values[.nanosecond] = value
    }

    private mutating func epoch() throws(TimePattern.Flaw) {
        let isNegative = take("-")
        let (value, count) = digits(12)
        guard count > 0 else { throw flaw("expected seconds since 1970") }
        values[.epoch] = isNegative ? -value : value
    }

    private mutating func name(
        _ field: TimePattern.Field,
        _ what: String,
        _ names: [String],
        from first: Int
    ) throws(TimePattern.Flaw) {
        for (number, name) in names.enumerated() where take(name) || take(String(name.prefix(3))) {
            values[field] = number + first
            return
        }
        throw flaw("expected \(what)")
    }

    /// `+02:00`, `+0200`, `+02` or `Z`.
    private mutating func readOffset() throws(TimePattern.Flaw) {
        if take("Z") {
            offset = 0
            return
        }
        let start = place
        let isNegative = take("-")
        if isNegative || take("+") {
            let (hours, count) = digits(2)
            _ = take(":")
            let (minutes, more) = digits(2)
            if count == 2, more == 2 || more == 0, hours < 24, minutes < 60, characters[place - 1] != ":" {
                offset = (isNegative ? -1 : 1) * (hours * 3600 + minutes * 60)
                return
            }
        }
        place = start
        throw flaw("expected an offset such as +02:00, +0200 or Z")
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.lowercased().unicodeScalars)
        guard place + wanted.count <= characters.count,
            zip(characters[place...], wanted).allSatisfy({ $0.properties.lowercaseMapping == String($1) })
        else { return false }
        place += wanted.count
        return true
    }

    private func flaw(_ message: String) -> TimePattern.Flaw {
        guard place < characters.count else {
            return TimePattern.Flaw(message: "\(message) at the end of the text")
        }
        var found = String.UnicodeScalarView()
        found.append(contentsOf: characters[place...].prefix(12))
        return TimePattern.Flaw(message: "\(message) at character \(place + 1), found '\(String(found))'")
    }

    // MARK: Fields to a moment

    func timestamp(in zone: Zone) throws(TimePattern.Flaw) -> Timestamp {
        let nanoseconds = Int64(values[.nanosecond] ?? 0)
        let seconds: Int64
        if let epoch = values[.epoch] {
            seconds = Int64(epoch)
        } else {
            seconds = try self.seconds(of: try wallTime(), in: zone)
        }
        guard let timestamp = Timestamp(seconds: seconds, nanoseconds: nanoseconds) else {
            throw TimePattern.Flaw(message: "the time is outside the years 1 to 9999")
        }
        return timestamp
    }

    private func wallTime() throws(TimePattern.Flaw) -> WallTime {
        // POSIX: 69 to 99 are of the 20th century, 00 to 68 of the 21st.
        let short = values[.yearOfCentury].map { $0 < 69 ? 2000 + $0 : 1900 + $0 }
        guard let year = values[.year] ?? short else {
            throw TimePattern.Flaw(message: "the pattern has no year; it needs %Y, %y or %s")
        }
        var (month, day) = (values[.month] ?? 1, values[.day] ?? 1)
        if let dayOfYear = values[.dayOfYear], values[.month] == nil, values[.day] == nil {
            (month, day) = try Self.date(dayOfYear, of: year)
        }
        let hour = try self.hour()
        guard
            let wall = WallTime(
                year: year,
                month: month,
                day: day,
                hour: hour,
                minute: values[.minute] ?? 0,
                second: values[.second] ?? 0
            )
        else {
            throw TimePattern.Flaw(message: "\(TimePattern.months[month - 1]) \(year) has no day \(day)")
        }
        if let weekday = values[.weekday], weekday != wall.weekday {
            let (said, real) = (TimePattern.weekdays[weekday], TimePattern.weekdays[wall.weekday])
            throw TimePattern.Flaw(message: "the text says \(said), but that date is a \(real)")
        }
        return wall
    }

    private func hour() throws(TimePattern.Flaw) -> Int {
        guard let hour = values[.hourOfTwelve] else { return values[.hour] ?? 0 }
        guard let half = values[.half] else {
            throw TimePattern.Flaw(message: "'%I' needs '%p' beside it; use %H for hours from 0 to 23")
        }
        return hour % 12 + half * 12
    }

    private static func date(_ dayOfYear: Int, of year: Int) throws(TimePattern.Flaw) -> (month: Int, day: Int) {
        for month in (1...12).reversed() {
            guard let first = WallTime(year: year, month: month, day: 1), first.dayOfYear <= dayOfYear else { continue }
            let day = dayOfYear - first.dayOfYear + 1
            guard WallTime(year: year, month: month, day: day) != nil else { break }
            return (month, day)
        }
        throw TimePattern.Flaw(message: "the year \(year) has no day \(dayOfYear)")
    }

    private func seconds(of wall: WallTime, in zone: Zone) throws(TimePattern.Flaw) -> Int64 {
        switch (offset.map { Zone(secondsEast: $0) } ?? zone).moments(of: wall) {
        case .once(let instant), .repeated(let instant, _): return instant.wholeSeconds
        case .skipped(let next):
            // The clocks read this long before the gap would have shown the time, had they not been set forward.
            let before = zone.offset(at: next - .seconds(1))
            guard case .once(let instant) = Zone(secondsEast: before).moments(of: wall) else {
                return next.wholeSeconds
            }
            return instant.wholeSeconds
        }
    }
}
