extension CronExpression {
    /// What the expression asks for, in plain English: `every 15 minutes between 09:00 and 17:59, Monday to Friday`.
    public var explanation: String {
        guard let parsed = try? CronParser(text, hashKey: hashKey).fields() else { return text }
        let explanation = CronExplanation(
            items: parsed.fields.map(\.items),
            isRestricted: parsed.fields.map { !$0.isUnrestricted },
            hasSeconds: parsed.hasSeconds,
            dayRule: fields.dayRule
        )
        return explanation.text
    }
}

/// Puts the elements of the fields into words.
struct CronExplanation {
    let items: [[CronItem]]
    let isRestricted: [Bool]
    let hasSeconds: Bool
    let dayRule: CronFields.DayRule

    func items(_ field: CronField) -> [CronItem] { items[field.rawValue] }

    var text: String {
        let days = dayWords
        let time = timeWords
        let month = items(.month) == [.every(step: 1)] ? nil : "in " + words(.month)
        let day = days ?? (month == nil && time.hasPrefix("at ") && !time.contains(" every ") ? "every day" : nil)
        return ([time] + [day, month].compactMap { $0 }).joined(separator: ", ")
    }

    // MARK: - Time of day

    private var timeWords: String {
        let seconds = hasSeconds ? items(.second) : []
        let isWholeMinute = seconds.isEmpty || seconds == [CronExplanation.only(0)]
        if let times = timesOfDay { return "at " + joined(times) }
        let everyHour = items(.hour) == [.every(step: 1)]
        var parts: [String] = []
        if !isWholeMinute { parts.append(words(.second)) }
        let everyMinute = items(.minute) == [.every(step: 1)]
        // "every second" of every minute needs no more words.
        if isWholeMinute || !everyMinute { parts.append(words(.minute)) }
        if !everyHour {
            parts[parts.count - 1] += " " + hourWords
        } else if isWholeMinute, !everyMinute, !isSteps(.minute) {
            parts[parts.count - 1] += " of every hour"
        }
        return parts.enumerated().map { needsAt($1) && $0 == 0 ? "at " + $1 : $1 }.joined(separator: " of ")
    }

    private func needsAt(_ words: String) -> Bool { !words.hasPrefix("every ") }

    private func isSteps(_ field: CronField) -> Bool {
        items(field).allSatisfy { if case .every = $0 { true } else { false } }
    }

    /// `02:30` and so on, when the fields hold nothing but a few numbers.
    private var timesOfDay: [String]? {
        guard let hours = numbers(.hour), let minutes = numbers(.minute), let seconds = numbers(.second),
            hours.count * minutes.count * seconds.count <= 6
        else { return nil }
        return hours.flatMap { hour in
            minutes.flatMap { minute in
                seconds.map { second in
                    padded(hour, 2) + ":" + padded(minute, 2) + (seconds == [0] ? "" : ":" + padded(second, 2))
                }
            }
        }
    }

    /// The numbers of a field that lists single ones only, ascending.
    private func numbers(_ field: CronField) -> [Int]? {
        var bits: UInt64 = 0
        for item in items(field) {
            switch item {
            case .range(let low, let high, _, false) where low == high: break
            case .hashed(let chosen) where chosen.nonzeroBitCount == 1: break
            default: return nil
            }
            bits |= item.bits(in: field)
        }
        return Array(BitIndices(bits))
    }

    private var hourWords: String {
        if case .range(let low, let high, 1, _)? = items(.hour).first, items(.hour).count == 1, low <= high {
            let minutes = numbers(.minute)
            if minutes == nil { return "between \(padded(low, 2)):00 and \(padded(high, 2)):59" }
        }
        return "of " + words(.hour)
    }

    static func only(_ number: Int) -> CronItem { .range(low: number, high: number, step: 1, isOpen: false) }

    // MARK: - Days

    private var dayWords: String? {
        let ofMonth = items(.dayOfMonth) == [.every(step: 1)] ? nil : words(.dayOfMonth)
        let ofWeek = items(.dayOfWeek) == [.every(step: 1)] ? nil : words(.dayOfWeek)
        guard let ofMonth else { return ofWeek }
        guard let ofWeek else { return ofMonth }
        return dayRule == .either ? "\(ofMonth), or \(ofWeek)" : "\(ofMonth), but only \(ofWeek)"
    }

    // MARK: - Lists

    /// All elements of a field: single numbers together, then the others.
    func words(_ field: CronField) -> String {
        var singles: [String] = []
        var others: [String] = []
        for item in items(field) {
            switch item {
            case .range(let low, let high, _, false) where low == high: singles.append(name(low, field))
            case .hashed(let bits): singles += BitIndices(bits).map { name($0, field) }
            default: others.append(words(item, field))
            }
        }
        if !singles.isEmpty { others.insert(label(singles, field), at: 0) }
        return joined(others)
    }

    /// `minutes 5 and 20`, `the 1st and 15th of the month`, `Monday and Friday`.
    private func label(_ names: [String], _ field: CronField) -> String {
        switch field {
        case .second, .minute, .hour: field.name + (names.count > 1 ? "s " : " ") + joined(names)
        case .dayOfMonth: "on the \(joined(names)) of the month"
        case .month: joined(names)
        case .dayOfWeek: "on \(joined(names))"
        }
    }

    private func words(_ item: CronItem, _ field: CronField) -> String {
        let unit = field.isDay ? "day" : field.name
        switch item {
        case .every(1): return "every \(unit)"
        case .every(let step):
            return field.isDay || field == .month ? "every \(ordinal(step)) \(field.name)" : "every \(step) \(unit)s"
        case .range(let low, _, let step, true):
            return "every \(step) \(unit)s from \(name(low, field)) on"
        case .range(let low, let high, let step, false):
            let ends = "\(name(low, field)) to \(name(high, field))"
            if step > 1 { return "every \(ordinal(step)) \(unit) from \(ends)" }
            switch field {
            case .second, .minute, .hour: return "\(unit)s \(ends)"
            case .dayOfMonth: return "from the \(ends) of the month"
            case .month, .dayOfWeek: return ends
            }
        case .last(0): return "on the last day of the month"
        case .last(let before): return "\(days(before)) before the last day of the month"
        case .lastWeekday(0): return "on the last weekday (Monday to Friday) of the month"
        case .lastWeekday(let before):
            return "on the weekday (Monday to Friday) nearest to \(days(before)) before the last of the month"
        case .nearestWeekday(let day):
            return "on the weekday (Monday to Friday) nearest to the \(ordinal(day)) of the month"
        case .lastOf(let weekday): return "on the last \(name(weekday, field)) of the month"
        case .nth(let weekday, let number): return "on the \(ordinal(number)) \(name(weekday, field)) of the month"
        case .hashed(let bits): return label(BitIndices(bits).map { name($0, field) }, field)
        }
    }

    private func name(_ number: Int, _ field: CronField) -> String {
        switch field {
        case .second, .minute, .hour: "\(number)"
        case .dayOfMonth: ordinal(number)
        case .month: CronExplanation.months[number - 1]
        case .dayOfWeek: CronExplanation.weekdays[number % 7]
        }
    }

    private func days(_ count: Int) -> String { count == 1 ? "1 day" : "\(count) days" }

    private func ordinal(_ number: Int) -> String {
        switch (number % 100, number % 10) {
        case (11...13, _): "\(number)th"
        case (_, 1): "\(number)st"
        case (_, 2): "\(number)nd"
        case (_, 3): "\(number)rd"
        default: "\(number)th"
        }
    }

    private func joined(_ words: [String]) -> String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " and " + words[words.count - 1]
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
}
