/// A POSIX `TZ` string such as `CET-1CEST,M3.5.0,M10.5.0/3`, as TZif footers hold it (RFC 9636 section 3.3.1).
struct POSIXRule: Hashable, Sendable {
    /// A kind of time: what the clock is ahead of UTC, in seconds, and its name.
    struct Period: Hashable, Sendable {
        var offset: Int
        var abbreviation: String
    }

    /// A day of the year at a time of day.
    struct Moment: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// `Jn`: 1...365, February 29 is never counted.
            case julian(Int)
            /// `n`: 0...365, February 29 is counted.
            case zeroBased(Int)
            /// `Mm.w.d`: weekday `d` (0 is Sunday) of week `w` (5 is the last) of month `m`.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        var day: Day
        /// Seconds after 00:00 wall time; beyond POSIX it may be negative or more than a day.
        var time: Int

        /// The moment in a year, as seconds from 1970-01-01T00:00:00 on the wall clock.
        func wallSeconds(in year: Int) -> Int64 {
            let days: Int
            switch day {
            case .julian(let number):
                let counted = CivilDate.isLeap(year) && number >= 60 ? number : number - 1
                days = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch + counted
            case .zeroBased(let number):
                days = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch + number
            case .weekday(let month, let week, let weekday):
                let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
                var date = 1 + (weekday - CivilDate.weekday(daysSinceEpoch: first) + 7) % 7 + (week - 1) * 7
                if date > CivilDate.length(ofMonth: month, year: year) { date -= 7 }
                days = first + date - 1
            }
            return Int64(days) * 86_400 + Int64(time)
        }
    }

    var standard: Period
    /// Daylight saving time with its first and last moment of the year; nil where it is not observed.
    var daylight: (Period, start: Moment, end: Moment)? {
        guard let daylightPeriod, let start, let end else { return nil }
        return (daylightPeriod, start, end)
    }

    private var daylightPeriod: Period?
    private var start: Moment?
    private var end: Moment?

    /// Nil when the text does not follow the grammar.
    init?(_ text: some StringProtocol) {
        var reader = POSIXRuleReader(Array(text.utf8))
        guard let name = reader.name(), let west = reader.offset(hours: 24) else { return nil }
        standard = Period(offset: -west, abbreviation: name)
        guard !reader.isAtEnd else { return }
        guard let daylightName = reader.name() else { return nil }
        // Without an offset daylight saving time is an hour ahead.
        var offset = 3_600 - west
        if !reader.isAtEnd, reader.peek != UInt8(ascii: ",") {
            guard let other = reader.offset(hours: 24) else { return nil }
            offset = -other
        }
        daylightPeriod = Period(offset: offset, abbreviation: daylightName)
        if reader.isAtEnd {
            // POSIX leaves the rule open; glibc takes that of the United States, and so do we.
            start = Moment(day: .weekday(month: 3, week: 2, weekday: 0), time: 7_200)
            end = Moment(day: .weekday(month: 11, week: 1, weekday: 0), time: 7_200)
            return
        }
        guard let first = reader.moment(), let last = reader.moment(), reader.isAtEnd else { return nil }
        start = first
        end = last
    }

    /// The changes of a year in order of time: the instant in seconds, and what begins then.
    func changes(in year: Int) -> [(at: Int64, period: Period, isDaylight: Bool)] {
        guard let (daylight, start, end) = daylight else { return [] }
        let begins = start.wallSeconds(in: year) - Int64(standard.offset)
        let ends = end.wallSeconds(in: year) - Int64(daylight.offset)
        let toDaylight = (at: begins, period: daylight, isDaylight: true)
        let toStandard = (at: ends, period: standard, isDaylight: false)
        return begins < ends ? [toDaylight, toStandard] : [toStandard, toDaylight]
    }
}

private struct POSIXRuleReader {
    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }
    var peek: UInt8? { isAtEnd ? nil : bytes[position] }

    mutating func accept(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    /// Three or more letters, or anything of letters, digits and signs in angle brackets.
    mutating func name() -> String? {
        let isQuoted = accept(UInt8(ascii: "<"))
        let start = position
        while let byte = peek {
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            let isOther =
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: "-")
            guard isLetter || (isQuoted && isOther) else { break }
            position += 1
        }
        let name = String(decoding: bytes[start..<position], as: UTF8.self)
        guard position - start >= 3, !isQuoted || accept(UInt8(ascii: ">")) else { return nil }
        return name
    }

    mutating func number(_ limit: Int) -> Int? {
        var value: Int?
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            position += 1
            let next = (value ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
            guard next <= limit else { return nil }
            value = next
        }
        return value
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func offset(hours limit: Int) -> Int? {
        let sign = accept(UInt8(ascii: "-")) ? -1 : 1
        if sign == 1 { _ = accept(UInt8(ascii: "+")) }
        guard let hours = number(limit) else { return nil }
        var seconds = hours * 3_600
        for unit in [60, 1] {
            guard accept(UInt8(ascii: ":")) else { break }
            guard let part = number(59) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    /// `,day[/time]`; the time is 02:00 when it is absent.
    mutating func moment() -> POSIXRule.Moment? {
        guard accept(UInt8(ascii: ",")) else { return nil }
        let day: POSIXRule.Moment.Day
        if accept(UInt8(ascii: "M")) {
            guard let month = number(12), month > 0, accept(UInt8(ascii: ".")), let week = number(5), week > 0,
                accept(UInt8(ascii: ".")), let weekday = number(6)
            else { return nil }
            day = .weekday(month: month, week: week, weekday: weekday)
        } else if accept(UInt8(ascii: "J")) {
            guard let date = number(365), date > 0 else { return nil }
            day = .julian(date)
        } else {
            guard let date = number(365) else { return nil }
            day = .zeroBased(date)
        }
        guard accept(UInt8(ascii: "/")) else { return POSIXRule.Moment(day: day, time: 7_200) }
        // RFC 9636 section 3.3.2.1 widens the hours of TZif footers to -167...167.
        guard let time = offset(hours: 167) else { return nil }
        return POSIXRule.Moment(day: day, time: time)
    }
}
