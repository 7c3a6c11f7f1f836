/// Many wall times at once: how many match, and which. Wall times are seconds since 1970-01-01T00:00:00 on the same
/// clock.
extension CronFields {
    /// How many matching wall times lie in a range; the work grows with its months, not with its seconds.
    func count(in walls: Range<Int64>) -> Int {
        guard !walls.isEmpty else { return 0 }
        let (first, last) = (floorDivide(walls.lowerBound, by: 86_400), floorDivide(walls.upperBound, by: 86_400))
        var days = 0
        forEachMonth(from: first, to: last) { _, mask in days += mask.nonzeroBitCount }
        // Whole days from the first one on, without what lies before the range, with what the last day has in it.
        return days * timesPerDay - count(onDay: first, before: walls.lowerBound)
            + count(onDay: last, before: walls.upperBound)
    }

    /// Calls `body` with each matching wall time of a range, in order.
    func forEach(in walls: Range<Int64>, _ body: (Int64) -> Void) {
        guard !walls.isEmpty else { return }
        let first = floorDivide(walls.lowerBound, by: 86_400)
        forEachMonth(from: first, to: floorDivide(walls.upperBound - 1, by: 86_400) + 1) { monthStart, mask in
            for day in BitIndices(UInt64(mask)) {
                let start = (monthStart + Int64(day - 1)) * 86_400
                forEachTime(from: Int(max(0, walls.lowerBound - start)), to: Int(min(86_400, walls.upperBound - start)))
                {
                    body(start + Int64($0))
                }
            }
        }
    }

    /// Calls `body` with each month that has days in a range: its first day since the epoch, and its matching days in the
    /// range, as bits 1...31.
    private func forEachMonth(from first: Int64, to last: Int64, _ body: (Int64, UInt32) -> Void) {
        var day = Int(first)
        while day < last {
            let date = CivilDate(daysSinceEpoch: day)
            let length = CivilDate.length(ofMonth: date.month, year: date.year)
            let start = day - date.day + 1
            if months & 1 << UInt32(date.month) != 0 {
                var mask = monthDays(date.year, date.month) & ~0 << UInt32(date.day)
                let end = Int(last) - start
                if end < length { mask &= (2 << UInt32(end)) &- 1 }
                if mask != 0 { body(Int64(start), mask) }
            }
            day = start + length
        }
    }

    private func forEachTime(from first: Int, to last: Int, _ body: (Int) -> Void) {
        for hour in BitIndices(hours) where (hour + 1) * 3_600 > first {
            guard hour * 3_600 < last else { return }
            for minute in BitIndices(minutes) where hour * 3_600 + minute * 60 + 60 > first {
                let start = hour * 3_600 + minute * 60
                guard start < last else { return }
                for second in BitIndices(seconds) where start + second >= first {
                    guard start + second < last else { return }
                    body(start + second)
                }
            }
        }
    }

    private var timesPerDay: Int { hours.nonzeroBitCount * minutes.nonzeroBitCount * seconds.nonzeroBitCount }

    /// How many matching times of one day come before a wall time of it.
    private func count(onDay day: Int64, before wall: Int64) -> Int {
        let time = UInt64(wall - day * 86_400)
        let date = CivilDate(daysSinceEpoch: Int(day))
        guard time > 0, months & 1 << UInt32(date.month) != 0,
            monthDays(date.year, date.month) & 1 << UInt32(date.day) != 0
        else { return 0 }
        let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60)
        var count = below(hour, hours) * minutes.nonzeroBitCount * seconds.nonzeroBitCount
        guard hours >> hour & 1 != 0 else { return count }
        count += below(minute, minutes) * seconds.nonzeroBitCount
        guard minutes >> minute & 1 != 0 else { return count }
        count += below(second, seconds)
        return count
    }

    private func below(_ position: UInt64, _ bits: UInt64) -> Int { (bits & ((1 << position) - 1)).nonzeroBitCount }
}
