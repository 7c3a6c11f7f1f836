/// What a cron expression asks for, one bit for each number that a field allows.
struct CronFields: Sendable, Hashable {
    /// How the two day fields come together.
    enum DayRule: Sendable, Hashable {
        /// A day must match both; a field that begins with `*` matches every day.
        case both
        /// A day that matches one is enough.
        case either
    }

    var seconds: UInt64 = 0
    var minutes: UInt64 = 0
    var hours: UInt64 = 0
    /// Bits 1...31.
    var days: UInt32 = 0
    /// Bits 1...12.
    var months: UInt32 = 0
    /// Bits 0 (Sunday)...6.
    var weekdays: UInt32 = 0
    /// Bit n: the day n days before the last of the month.
    var lastDays: UInt32 = 0
    /// Bit n: the weekday nearest to the day n days before the last of the month.
    var lastWeekdays: UInt32 = 0
    /// Bit n: the weekday nearest to day n.
    var nearestWeekdays: UInt32 = 0
    /// Bit 7 * (n - 1) + weekday: the n-th such weekday of the month.
    var nthWeekdays: UInt64 = 0
    /// Bit weekday: the last such weekday of the month.
    var lastOfWeekdays: UInt32 = 0
    var dayRule = DayRule.both
    /// Whether the second, minute or hour field begins with `*`: see `DaylightSavingPolicy`.
    var repeats = false
    /// Whether days need more than the masks `days` and `weekdays`, so that the common case costs nothing.
    private(set) var hasSpecialDays = false
    /// Whether every day of a month in `months` matches.
    private(set) var matchesEveryDay = false

    private static let everyDay: UInt32 = 0xFFFF_FFFE
    private static let everyWeekday: UInt32 = 0x7F

    init(_ fields: [CronParser.Field], hasSeconds: Bool, dayMatch: DayMatch) {
        for (field, content) in zip(CronField.allCases, fields) {
            for item in content.items { add(item, to: field) }
        }
        let areBothRestricted =
            !fields[CronField.dayOfMonth.rawValue].isUnrestricted
            && !fields[CronField.dayOfWeek.rawValue].isUnrestricted
        dayRule = areBothRestricted && dayMatch == .or ? .either : .both
        let first: CronField = hasSeconds ? .second : .minute
        repeats = fields[first.rawValue...CronField.hour.rawValue].contains { $0.isUnrestricted }
        hasSpecialDays = lastDays | lastWeekdays | nearestWeekdays | lastOfWeekdays != 0 || nthWeekdays != 0
        let (everyDay, everyWeekday) = (days == CronFields.everyDay, weekdays == CronFields.everyWeekday)
        matchesEveryDay = dayRule == .both ? everyDay && everyWeekday : everyDay || everyWeekday
    }

    private mutating func add(_ item: CronItem, to field: CronField) {
        let bits = item.bits(in: field)
        switch field {
        case .second: seconds |= bits
        case .minute: minutes |= bits
        case .hour: hours |= bits
        case .dayOfMonth: days |= UInt32(truncatingIfNeeded: bits)
        case .month: months |= UInt32(truncatingIfNeeded: bits)
        case .dayOfWeek: weekdays |= UInt32(truncatingIfNeeded: bits & 0x7F | bits >> 7)
        }
        switch item {
        case .last(let before): lastDays |= 1 << UInt32(before)
        case .lastWeekday(let before): lastWeekdays |= 1 << UInt32(before)
        case .nearestWeekday(let day): nearestWeekdays |= 1 << UInt32(day)
        case .lastOf(let weekday): lastOfWeekdays |= 1 << UInt32(weekday)
        case .nth(let weekday, let ordinal): nthWeekdays |= 1 << UInt64(7 * (ordinal - 1) + weekday)
        case .every, .range, .hashed: break
        }
    }
}
