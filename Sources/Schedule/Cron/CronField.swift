/// The six positions of a cron expression.
enum CronField: Int, CaseIterable {
    case second, minute, hour, dayOfMonth, month, dayOfWeek

    var name: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        }
    }

    /// `a minute`, `an hour`.
    var nameWithArticle: String { (self == .hour ? "an " : "a ") + name }

    /// The numbers that may be written; Sunday is both 0 and 7.
    var allowed: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    /// The numbers that are told apart, over which ranges wrap.
    var distinct: ClosedRange<Int> { self == .dayOfWeek ? 0...6 : allowed }

    /// The names that stand for numbers, the first for the lowest of `distinct`.
    var names: [String] {
        switch self {
        case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        default: []
        }
    }

    var isDay: Bool { self == .dayOfMonth || self == .dayOfWeek }

    /// `0 to 59`, with names where the field has them.
    var allowedWords: String {
        switch self {
        case .month: "1 to 12, or JAN to DEC"
        case .dayOfWeek: "0 (Sunday) to 7 (Sunday again), or SUN to SAT"
        default: "\(allowed.lowerBound) to \(allowed.upperBound)"
        }
    }
}

/// One element of a field's list.
enum CronItem: Hashable {
    /// `*` or `?`, with a step: `*/15`.
    case every(step: Int)
    /// A number or a range, possibly wrapping, with a step. `isOpen`: written as `5/15`, up to the end of the field.
    case range(low: Int, high: Int, step: Int, isOpen: Bool)
    /// `H`, `H(0-29)`, `H/15`, with the numbers that the hash chose.
    case hashed(UInt64)
    /// `L` and `L-3`: the last day of the month, or so many days before it.
    case last(before: Int)
    /// `LW` and `L-3W`: the weekday nearest to that day, in the same month.
    case lastWeekday(before: Int)
    /// `15W`: the weekday nearest to that day, in the same month.
    case nearestWeekday(Int)
    /// `5L`: the last Friday of the month.
    case lastOf(weekday: Int)
    /// `MON#2`: the second Monday of the month.
    case nth(weekday: Int, Int)

    /// The numbers of the field that this element stands for, as bits; nothing for what depends on the month.
    func bits(in field: CronField) -> UInt64 {
        switch self {
        case .every(let step):
            return CronItem.bits(from: field.allowed.lowerBound, through: field.allowed.upperBound, step: step)
        case .range(let low, let high, let step, _):
            if low <= high { return CronItem.bits(from: low, through: high, step: step) }
            // The steps go on over the end of the field: 9-8/3 of months is September, December, March, June (as in
            // Cronos).
            let distinct = field.distinct
            let first = low > distinct.upperBound ? distinct.lowerBound : low
            let count = distinct.count
            let length = (high - first + count) % count
            return stride(from: 0, through: length, by: step).reduce(into: 0) { bits, distance in
                bits |= 1 << UInt64((first - distinct.lowerBound + distance) % count + distinct.lowerBound)
            }
        case .hashed(let bits):
            return bits
        case .last, .lastWeekday, .nearestWeekday, .lastOf, .nth:
            return 0
        }
    }

    private static func bits(from low: Int, through high: Int, step: Int) -> UInt64 {
        var bits: UInt64 = 0
        for value in stride(from: low, through: high, by: step) { bits |= 1 << UInt64(value) }
        return bits
    }
}
