/// A day of the proleptic Gregorian calendar.
///
/// The conversions are Howard Hinnant's `days_from_civil` and `civil_from_days`: no table, no loop, right for every
/// year.
struct CivilDate: Hashable, Sendable {
    var year: Int
    /// 1...12.
    var month: Int
    /// 1...31.
    var day: Int

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day that lies `days` after 1970-01-01.
    @inline(__always)
    init(daysSinceEpoch days: Int) {
        let shifted = days &+ 719_468
        let era = (shifted >= 0 ? shifted : shifted &- 146_096) / 146_097
        // An unsigned dividend lets the compiler turn every division by a constant into one multiplication.
        let dayOfEra = UInt32(truncatingIfNeeded: shifted &- era &* 146_097)
        let yearOfEra =
            (dayOfEra &- dayOfEra / 1_460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let shiftedMonth = (5 &* dayOfYear &+ 2) / 153
        day = Int(dayOfYear &- (153 &* shiftedMonth &+ 2) / 5 &+ 1)
        month = shiftedMonth < 10 ? Int(shiftedMonth) &+ 3 : Int(shiftedMonth) &- 9
        year = Int(yearOfEra) &+ era &* 400 &+ (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01, negative before it.
    @inline(__always)
    var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year &- 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear &- 399) / 400
        let yearOfEra = UInt32(truncatingIfNeeded: shiftedYear &- era &* 400)
        let shiftedMonth = UInt32(truncatingIfNeeded: month > 2 ? month &- 3 : month &+ 9)
        let dayOfYear = (153 &* shiftedMonth &+ 2) / 5 &+ UInt32(truncatingIfNeeded: day) &- 1
        let dayOfEra = yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ dayOfYear
        return era &* 146_097 &+ Int(dayOfEra) &- 719_468
    }

    /// Whether February of the year has 29 days.
    @inline(__always)
    static func isLeap(_ year: Int) -> Bool {
        year & 3 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// The number of days in a month.
    @inline(__always)
    static func length(ofMonth month: Int, year: Int) -> Int {
        month == 2 ? (isLeap(year) ? 29 : 28) : 30 | (month ^ (month >> 3))
    }

    /// The weekday of a day since 1970-01-01 (a Thursday): 0 is Sunday.
    @inline(__always)
    static func weekday(daysSinceEpoch days: Int) -> Int {
        let remainder = (days &+ 4) % 7
        return remainder < 0 ? remainder &+ 7 : remainder
    }

    /// Whether the month and the day exist.
    var isValid: Bool {
        (1...12).contains(month) && day >= 1 && day <= CivilDate.length(ofMonth: month, year: year)
    }
}

/// Division that rounds towards minus infinity, as calendars need before 1970.
@inline(__always)
func floorDivide(_ dividend: Int64, by divisor: Int64) -> Int64 {
    let quotient = dividend / divisor
    return dividend % divisor < 0 ? quotient &- 1 : quotient
}
