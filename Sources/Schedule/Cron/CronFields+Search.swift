/// The pure calendar: which wall times match, without any zone. Wall times are seconds since 1970-01-01T00:00:00 on the
/// same clock.
extension CronFields {
    /// The first matching wall time that is not before the given one.
    ///
    /// Nil when there is none within 100 years. Nothing that can fire leaves more than 40 between two days: the rarest
    /// is a February 29 on a given weekday, across a century year that is no leap year.
    @inline(__always)
    func next(onOrAfter wall: Int64) -> Int64? {
        let days = floorDivide(wall, by: 86_400)
        let date = CivilDate(daysSinceEpoch: Int(days))
        var mask: UInt32 = 0
        if months & 1 << UInt32(date.month) != 0 {
            mask = monthDays(date.year, date.month)
            if mask & 1 << UInt32(date.day) != 0, let time = time(onOrAfter: Int(wall &- days &* 86_400)) {
                return days &* 86_400 &+ Int64(time)
            }
            mask &= ~1 << UInt32(date.day)
        }
        let first = Int64(firstTime)
        if mask != 0 {
            return (days &+ Int64(mask.trailingZeroBitCount &- date.day)) &* 86_400 &+ first
        }
        return nextMonth(after: date).map { Int64($0) &* 86_400 &+ first }
    }

    /// The last matching wall time that is not after the given one; nil when there is none within 100 years.
    func previous(onOrBefore wall: Int64) -> Int64? {
        let days = floorDivide(wall, by: 86_400)
        let date = CivilDate(daysSinceEpoch: Int(days))
        var mask: UInt32 = 0
        if months & 1 << UInt32(date.month) != 0 {
            mask = monthDays(date.year, date.month)
            if mask & 1 << UInt32(date.day) != 0, let time = time(onOrBefore: Int(wall &- days &* 86_400)) {
                return days &* 86_400 &+ Int64(time)
            }
            mask &= (1 << UInt32(date.day)) &- 1
        }
        let last = Int64(lastTime)
        if mask != 0 {
            return (days &+ Int64(31 &- mask.leadingZeroBitCount &- date.day)) &* 86_400 &+ last
        }
        return previousMonth(before: date).map { Int64($0) &* 86_400 &+ last }
    }

    @inline(__always)
    func monthDays(_ year: Int, _ month: Int) -> UInt32 {
        let length = CivilDate.length(ofMonth: month, year: year)
        if matchesEveryDay { return days(ofMonthWithLength: length, firstWeekday: 0) }
        let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
        return days(ofMonthWithLength: length, firstWeekday: CivilDate.weekday(daysSinceEpoch: first))
    }

    /// The first matching day of a later month, in days since the epoch.
    private func nextMonth(after date: CivilDate) -> Int? {
        var (year, month) = (date.year, date.month)
        while year <= date.year + 100 {
            let later = months & ~1 << UInt32(month)
            guard later != 0 else {
                year += 1
                month = 0
                continue
            }
            month = later.trailingZeroBitCount
            let mask = monthDays(year, month)
            if mask != 0 { return CivilDate(year: year, month: month, day: mask.trailingZeroBitCount).daysSinceEpoch }
        }
        return nil
    }

    /// The last matching day of an earlier month, in days since the epoch.
    private func previousMonth(before date: CivilDate) -> Int? {
        var (year, month) = (date.year, date.month)
        while year >= date.year - 100 {
            let earlier = months & ((1 << UInt32(month)) &- 1)
            guard earlier != 0 else {
                year -= 1
                month = 13
                continue
            }
            month = 31 - earlier.leadingZeroBitCount
            let mask = monthDays(year, month)
            if mask != 0 {
                return CivilDate(year: year, month: month, day: 31 - mask.leadingZeroBitCount).daysSinceEpoch
            }
        }
        return nil
    }
}

/// Times of a day, in seconds since midnight.
extension CronFields {
    private var firstTime: Int {
        hours.trailingZeroBitCount &* 3_600 &+ minutes.trailingZeroBitCount &* 60 &+ seconds.trailingZeroBitCount
    }

    private var lastTime: Int { highest(hours) &* 3_600 &+ highest(minutes) &* 60 &+ highest(seconds) }

    @inline(__always)
    private func highest(_ bits: UInt64) -> Int { 63 &- bits.leadingZeroBitCount }

    @inline(__always)
    private func time(onOrAfter time: Int) -> Int? {
        let clock = UInt32(truncatingIfNeeded: time)
        let (hour, minute, second) = (UInt64(clock / 3_600), UInt64(clock / 60 % 60), UInt64(clock % 60))
        if hours >> hour & 1 != 0 {
            if minutes >> minute & 1 != 0 {
                let bits = seconds & (~0 << second)
                if bits != 0 { return time &- Int(second) &+ bits.trailingZeroBitCount }
            }
            let bits = minutes & (~1 << minute)
            if bits != 0 {
                return Int(hour) &* 3_600 &+ bits.trailingZeroBitCount &* 60 &+ seconds.trailingZeroBitCount
            }
        }
        let bits = hours & (~1 << hour)
        guard bits != 0 else { return nil }
        return bits.trailingZeroBitCount &* 3_600 &+ minutes.trailingZeroBitCount &* 60 &+ seconds.trailingZeroBitCount
    }

    private func time(onOrBefore time: Int) -> Int? {
        let (hour, minute, second) = (UInt64(time / 3_600), UInt64(time / 60 % 60), UInt64(time % 60))
        if hours >> hour & 1 != 0 {
            if minutes >> minute & 1 != 0 {
                let bits = seconds & ((2 << second) &- 1)
                if bits != 0 { return time - Int(second) + highest(bits) }
            }
            let bits = minutes & ((1 << minute) &- 1)
            if bits != 0 { return Int(hour) * 3_600 + highest(bits) * 60 + highest(seconds) }
        }
        let bits = hours & ((1 << hour) &- 1)
        guard bits != 0 else { return nil }
        return highest(bits) * 3_600 + highest(minutes) * 60 + highest(seconds)
    }
}
