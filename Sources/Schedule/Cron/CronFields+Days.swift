extension CronFields {
    /// The days of a month that match, as bits 1...31, were the month itself to match.
    ///
    /// - Parameters:
    ///   - length: the number of days of the month.
    ///   - firstWeekday: the weekday of its first day, 0 is Sunday.
    @inline(__always)
    func days(ofMonthWithLength length: Int, firstWeekday: Int) -> UInt32 {
        let existing = UInt32(truncatingIfNeeded: (UInt64(2) << UInt64(length)) &- 2)
        if matchesEveryDay { return existing }
        let (byDay, byWeekday) = dayMasks(ofMonthWithLength: length, firstWeekday: firstWeekday)
        return (dayRule == .both ? byDay & byWeekday : byDay | byWeekday) & existing
    }

    /// The days that the day of month field matches, and those that the day of week field matches.
    @inline(__always)
    func dayMasks(ofMonthWithLength length: Int, firstWeekday: Int) -> (byDay: UInt32, byWeekday: UInt32) {
        // The weekdays seen from the first of the month on, repeated for five weeks.
        let rotated = (weekdays >> UInt32(firstWeekday) | weekdays << UInt32(7 &- firstWeekday)) & 0x7F
        var byWeekday = UInt32(truncatingIfNeeded: (UInt64(rotated) &* 0x1020_4081) << 1)
        var byDay = days
        if hasSpecialDays {
            byDay |= specialDays(length: length, firstWeekday: firstWeekday)
            byWeekday |= specialWeekdays(length: length, firstWeekday: firstWeekday)
        }
        return (byDay, byWeekday)
    }

    private func specialDays(length: Int, firstWeekday: Int) -> UInt32 {
        var bits: UInt32 = 0
        for before in BitIndices(UInt64(lastDays)) where before < length { bits |= 1 << UInt32(length - before) }
        for before in BitIndices(UInt64(lastWeekdays)) where before < length {
            bits |= 1 << UInt32(nearestWeekday(to: length - before, length: length, firstWeekday: firstWeekday))
        }
        // A day that the month does not have has no nearest weekday either (as in Cronos).
        for day in BitIndices(UInt64(nearestWeekdays)) where day <= length {
            bits |= 1 << UInt32(nearestWeekday(to: day, length: length, firstWeekday: firstWeekday))
        }
        return bits
    }

    private func specialWeekdays(length: Int, firstWeekday: Int) -> UInt32 {
        var bits: UInt32 = 0
        for weekday in BitIndices(UInt64(lastOfWeekdays)) {
            let lastWeekday = (firstWeekday + length - 1) % 7
            bits |= 1 << UInt32(length - (lastWeekday - weekday + 7) % 7)
        }
        for index in BitIndices(nthWeekdays) {
            let day = 1 + (index % 7 - firstWeekday + 7) % 7 + index / 7 * 7
            if day <= length { bits |= 1 << UInt32(day) }
        }
        return bits
    }

    /// Monday to Friday: the day itself, or a neighbour that never leaves the month.
    private func nearestWeekday(to day: Int, length: Int, firstWeekday: Int) -> Int {
        switch (firstWeekday + day - 1) % 7 {
        case 6: day == 1 ? 3 : day - 1
        case 0: day == length ? day - 2 : day + 1
        default: day
        }
    }

    /// Whether any day of the calendar matches.
    ///
    /// The calendar repeats after 400 years, and in them a year is one of 14 kinds (its length, and the weekday on
    /// which it begins), so all kinds are looked at.
    var canFire: Bool {
        if matchesEveryDay || (dayRule == .both && weekdays == 0x7F && days & 0x1FFF_FFFE != 0) { return true }
        for isLeap in [false, true] {
            for newYear in 0..<7 {
                var firstWeekday = newYear
                for month in 1...12 {
                    // 2000 is a leap year and 2001 is none.
                    let length = CivilDate.length(ofMonth: month, year: isLeap ? 2000 : 2001)
                    let isAsked = months & 1 << UInt32(month) != 0
                    if isAsked, days(ofMonthWithLength: length, firstWeekday: firstWeekday) != 0 { return true }
                    firstWeekday = (firstWeekday + length) % 7
                }
            }
        }
        return false
    }
}

/// The positions of the bits that are set, lowest first.
struct BitIndices: Sequence, IteratorProtocol {
    private var bits: UInt64

    init(_ bits: UInt64) {
        self.bits = bits
    }

    mutating func next() -> Int? {
        guard bits != 0 else { return nil }
        defer { bits &= bits - 1 }
        return bits.trailingZeroBitCount
    }
}
