/// How the two day fields of a cron expression come together when both are restricted, that is when neither begins with
/// `*` or `?`.
public enum DayMatch: String, CaseIterable, Sendable, Hashable {
    /// A day that matches either field is enough, as crontab(5) says.
    case or
    /// A day must match both fields.
    case and
}

/// A cron expression that was read, and that can fire.
///
/// Five fields (minute, hour, day of month, month, day of week), six with seconds first, or a name such as `@daily`.
/// Beside numbers, names, ranges (also wrapping: `22-2`, `FRI-MON`), lists and steps a field may hold `?` (the same as
/// `*`), `L`, `L-3`, `LW`, `15W` (day of month), `5L`, `MON#2` (day of week), and `H`, `H(0-29)`, `H/15` (a number that
/// a hash chooses, as in Jenkins). `docs/schedules.md` says feature by feature which other implementation is followed.
public struct CronExpression: Sendable, Hashable {
    /// The expression as it was written.
    public let text: String
    /// What the two day fields mean when both are restricted.
    public let dayMatch: DayMatch
    /// Empty where no `H` asks for it, so that equal expressions are equal whoever has them.
    let hashKey: String
    let fields: CronFields
    let hasSeconds: Bool
    /// Whether neither day field begins with `*` or `?`.
    ///
    /// People trip over what it means, so it is worth a note that shows the next fire times.
    public let areBothDayFieldsRestricted: Bool
    /// Whether the expression holds an `H`, so that its times depend on the hash key.
    public let usesHash: Bool

    /// Reads an expression.
    ///
    /// - Parameters:
    ///   - text: the expression; case and spaces around fields do not count.
    ///   - hashKey: what `H` is hashed from: the recipe's name, so that it is the same in every process.
    ///   - dayMatch: how the day fields come together when both are restricted.
    /// - Throws: `CronError` with the place and the mend, also for an expression that can never fire.
    public init(_ text: String, hashKey: String = "", dayMatch: DayMatch = .or) throws(CronError) {
        let parser = CronParser(text, hashKey: hashKey)
        let parsed = try parser.fields()
        self.text = text
        self.dayMatch = dayMatch
        usesHash = parsed.fields.contains { field in
            field.items.contains { if case .hashed = $0 { true } else { false } }
        }
        self.hashKey = usesHash ? hashKey : ""
        hasSeconds = parsed.hasSeconds
        fields = CronFields(parsed.fields, hasSeconds: parsed.hasSeconds, dayMatch: dayMatch)
        areBothDayFieldsRestricted =
            !parsed.fields[CronField.dayOfMonth.rawValue].isUnrestricted
            && !parsed.fields[CronField.dayOfWeek.rawValue].isUnrestricted
        guard fields.canFire else { throw neverFires(parsed.fields) }
    }

    /// Whether this is a repeating schedule: its minute or hour field (or seconds, of six) begins with `*`.
    ///
    /// It decides what happens when clocks are set forward or back: see `DaylightSavingPolicy`.
    public var repeats: Bool { fields.repeats }

    /// Whether both expressions ask for the same times, however they are written: `0-59 * * * *` and `* * * * *`.
    public func isSameSchedule(as other: CronExpression) -> Bool {
        fields == other.fields
    }

    private func neverFires(_ parsed: [CronParser.Field]) -> CronError {
        let days = parsed[CronField.dayOfMonth.rawValue].range
        let whole = days.lowerBound..<parsed[CronField.dayOfWeek.rawValue].range.upperBound
        let longest = (1...12).filter { fields.months & 1 << UInt32($0) != 0 }
            .map { CivilDate.length(ofMonth: $0, year: 2000) }.max()
        // When the day of month alone cannot be had, that is the clearer reason.
        if let longest, fields.days & ((2 << UInt32(longest)) &- 1) == 0, fields.weekdays == 0x7F {
            return CronError(
                .neverFires,
                "this never fires: no such month has that day",
                help: "the longest of these months has \(longest) days; L is the last day of any month",
                at: days.lowerBound..<parsed[CronField.month.rawValue].range.upperBound
            )
        }
        return CronError(
            .neverFires,
            "this never fires: no day satisfies the day and month fields together",
            help: areBothDayFieldsRestricted && dayMatch == .and
                ? "with day_match: and a day must match both day fields; leave it out to let either match"
                : "a day field that begins with * is joined with the other by \"and\"",
            at: whole
        )
    }
}

extension CronExpression: CustomStringConvertible {
    /// The expression as it was written.
    public var description: String { text }
}
