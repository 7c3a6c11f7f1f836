/// Why a wall time is not in a cron expression: the field that does not hold it.
public struct CronExclusion: Sendable, Hashable, CustomStringConvertible {
    /// The field's name, such as `day of week`; `day` when neither day field matches.
    public let field: String
    /// The reason as a clause: ``its day of week field `MON-FRI` excludes Sunday``.
    public let description: String
}

extension CronExpression {
    /// The fields that exclude a wall time, the coarsest first; none when it is in the expression.
    public func exclusions(of wall: WallTime) -> [CronExclusion] {
        guard let parsed = try? CronParser(text, hashKey: hashKey).fields() else { return [] }
        let bytes = Array(parsed.text.utf8)
        func written(_ field: CronField) -> String {
            "`\(String(decoding: bytes[parsed.fields[field.rawValue].range], as: UTF8.self))`"
        }
        var found: [CronExclusion] = []
        func exclude(_ field: CronField, _ value: String) {
            let reason = "its \(field.name) field \(written(field)) excludes \(value)"
            found.append(CronExclusion(field: field.name, description: reason))
        }
        if fields.months >> UInt32(wall.month) & 1 == 0 { exclude(.month, EnglishWords.month(wall.month)) }
        let (isDay, isWeekday) = dayMatches(wall)
        let day = "the " + EnglishWords.ordinal(wall.day)
        let weekday = EnglishWords.weekday(wall.weekday)
        switch fields.dayRule {
        case .either where !isDay && !isWeekday:
            let reason =
                "neither day field, \(written(.dayOfMonth)) nor \(written(.dayOfWeek)), holds \(weekday) \(day)"
            found.append(CronExclusion(field: "day", description: reason))
        case .either: break
        case .both:
            if !isDay { exclude(.dayOfMonth, day) }
            if !isWeekday { exclude(.dayOfWeek, weekday) }
        }
        if fields.hours >> UInt64(wall.hour) & 1 == 0 { exclude(.hour, "\(wall.hour)") }
        if fields.minutes >> UInt64(wall.minute) & 1 == 0 { exclude(.minute, "\(wall.minute)") }
        if fields.seconds >> UInt64(wall.second) & 1 == 0 {
            if hasSeconds {
                exclude(.second, "\(wall.second)")
            } else {
                found.append(CronExclusion(field: "second", description: "five fields mean second 0"))
            }
        }
        return found
    }

    private func dayMatches(_ wall: WallTime) -> (ofMonth: Bool, ofWeek: Bool) {
        let first = CivilDate(year: wall.year, month: wall.month, day: 1).daysSinceEpoch
        let masks = fields.dayMasks(
            ofMonthWithLength: CivilDate.length(ofMonth: wall.month, year: wall.year),
            firstWeekday: CivilDate.weekday(daysSinceEpoch: first)
        )
        return (masks.byDay >> UInt32(wall.day) & 1 == 1, masks.byWeekday >> UInt32(wall.day) & 1 == 1)
    }
}
