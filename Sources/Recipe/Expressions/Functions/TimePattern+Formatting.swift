import CEL
import Schedule

extension TimePattern {
    /// A moment as the clocks of a zone show it, in this pattern.
    func format(_ timestamp: Timestamp, in zone: Zone) -> String {
        let instant = Instant(seconds: timestamp.seconds)
        let moment = Moment(
            wall: zone.wallTime(at: instant),
            nanoseconds: Int(timestamp.nanoseconds),
            seconds: timestamp.seconds,
            offset: zone.offset(at: instant),
            abbreviation: zone.abbreviation(at: instant)
        )
        return parts.map { part in
            switch part {
            case .text(let text): text
            case .field(let field, let padding): moment.text(of: field, padding)
            }
        }.joined()
    }
}

/// A moment with all that a pattern can ask of it.
private struct Moment {
    let wall: WallTime
    let nanoseconds: Int
    let seconds: Int64
    let offset: Int
    let abbreviation: String

    func text(of field: TimePattern.Field, _ padding: TimePattern.Padding) -> String {
        func number(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            let missing = max(0, width - digits.utf8.count)
            return switch padding {
            case .zeros: String(repeating: "0", count: missing) + digits
            case .spaces: String(repeating: " ", count: missing) + digits
            case .none: digits
            }
        }
        return switch field {
        case .year: number(wall.year, 4)
        case .century: number(wall.year / 100, 2)
        case .yearOfCentury: number(wall.year % 100, 2)
        case .month: number(wall.month, 2)
        case .monthName: TimePattern.months[wall.month - 1]
        case .monthShort: String(TimePattern.months[wall.month - 1].prefix(3))
        case .day: number(wall.day, 2)
        case .dayOfYear: number(wall.dayOfYear, 3)
        case .hour: number(wall.hour, 2)
        case .hourOfTwelve: number((wall.hour + 11) % 12 + 1, 2)
        case .minute: number(wall.minute, 2)
        case .second: number(wall.second, 2)
        // Digits of a fraction: their places are their value, so they are never cut short.
        case .microsecond: Self.digits(nanoseconds / 1_000, 6)
        case .millisecond: Self.digits(nanoseconds / 1_000_000, 3)
        case .nanosecond: Self.digits(nanoseconds, 9)
        case .half: wall.hour < 12 ? "AM" : "PM"
        case .halfSmall: wall.hour < 12 ? "am" : "pm"
        case .weekdayName: TimePattern.weekdays[wall.weekday]
        case .weekdayShort: String(TimePattern.weekdays[wall.weekday].prefix(3))
        case .weekday: String(wall.weekday)
        case .isoWeekday: String((wall.weekday + 6) % 7 + 1)
        case .weekFromSunday: number((wall.dayOfYear + 6 - wall.weekday) / 7, 2)
        case .weekFromMonday: number((wall.dayOfYear + 6 - (wall.weekday + 6) % 7) / 7, 2)
        case .isoWeek: number(wall.isoWeek.week, 2)
        case .isoYear: number(wall.isoWeek.year, 4)
        case .offset: offset(separator: "")
        case .offsetWithColon: offset(separator: ":")
        case .zone: abbreviation
        case .epoch: String(seconds)
        }
    }

    private func offset(separator: String) -> String {
        let minutes = abs(offset) / 60
        return (offset < 0 ? "-" : "+") + Self.digits(minutes / 60, 2) + separator + Self.digits(minutes % 60, 2)
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
