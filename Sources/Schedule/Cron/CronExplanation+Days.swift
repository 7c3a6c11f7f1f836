extension CronExplanation {
    /// The days: `Monday to Friday`, `on the 1st or on any Monday`; nil when every day is meant.
    var dayWords: String? {
        let (ofMonth, ofWeek) = (isEvery(.dayOfMonth) ? nil : dayOfMonthWords, isEveryWeekday ? nil : items(.dayOfWeek))
        switch (ofMonth, ofWeek, dayRule) {
        case (nil, nil, _): return nil
        // In a list joined by "or" a field that holds every day leaves nothing out.
        case (nil, _?, .either), (_?, nil, .either): return "every day"
        case (let days?, nil, .both): return days.hasSuffix("month") || !isEvery(.month) ? days : days + " of the month"
        case (nil, _?, .both): return weekdayWords(any: nil)
        case (let days?, _?, .either): return "\(days) or \(weekdayWords(any: "on any"))"
        case (let days?, _?, .both): return "\(days), if that is \(weekdayWords(any: "a"))"
        }
    }

    /// `on the 1st of January and July`: days by their numbers, in months by their names.
    var dates: String? {
        guard !isEvery(.month), !isMonthRange, isEveryWeekday, dayRule == .both, !isEvery(.dayOfMonth),
            items(.dayOfMonth).allSatisfy({ special($0) == nil })
        else { return nil }
        return "\(dayNumbers) of \(monthWords)"
    }

    private var isEveryWeekday: Bool { weekdayBits == 0x7F }
    private var weekdayBits: UInt64 { bits(.dayOfWeek) & 0x7F | bits(.dayOfWeek) >> 7 }

    // MARK: - Day of month

    private var dayOfMonthWords: String {
        var parts: [String] = []
        let numbers = dayNumbers
        if !numbers.isEmpty { parts.append(numbers) }
        for item in items(.dayOfMonth) {
            if let words = special(item) { parts.append(words) }
        }
        return EnglishWords.joined(parts)
    }

    private var dayNumbers: String {
        let all = numbers(.dayOfMonth)
        guard let first = all.first, let last = all.last else { return "" }
        let step = all.count > 2 ? all[1] - first : 1
        let isRegular = zip(all, all.dropFirst()).allSatisfy { $1 - $0 == step }
        if step > 1, isRegular {
            let ordinals = (EnglishWords.ordinal(first), EnglishWords.ordinal(last))
            return "on every \(EnglishWords.ordinal(step)) day from the \(ordinals.0) through the \(ordinals.1)"
        }
        let runs = runs(.dayOfMonth)
        let words = runs.map { run in
            run.count == 1
                ? EnglishWords.ordinal(run.lowerBound)
                : "\(EnglishWords.ordinal(run.lowerBound)) through \(EnglishWords.ordinal(run.upperBound))"
        }
        return "on the " + EnglishWords.joined(words)
    }

    private func special(_ item: CronItem) -> String? {
        switch item {
        case .last(0): "on the last day of the month"
        case .last(let before): "on the day \(days(before)) before the last day of the month"
        case .lastWeekday(0): "on the last weekday (Monday to Friday) of the month"
        case .lastWeekday(let before):
            "on the weekday (Monday to Friday) nearest to the day \(days(before)) before the last day of the month"
        case .nearestWeekday(let day): "on the weekday (Monday to Friday) nearest to the \(EnglishWords.ordinal(day))"
        case .every, .range, .hashed, .lastOf, .nth: nil
        }
    }

    private func days(_ count: Int) -> String { count == 1 ? "1 day" : "\(count) days" }

    // MARK: - Day of week and month

    /// - Parameter any: what stands before a weekday that is one condition of two; nil where it stands alone.
    private func weekdayWords(any: String?) -> String {
        var parts: [String] = []
        if weekdayBits != 0 { parts.append(plainWeekdays(any: any)) }
        let article = any == "a" ? "the" : "on the"
        for item in items(.dayOfWeek) {
            switch item {
            case .lastOf(let weekday): parts.append("\(article) last \(EnglishWords.weekday(weekday)) of the month")
            case .nth(let weekday, let number):
                let ordinal = EnglishWords.ordinal(number)
                parts.append("\(article) \(ordinal) \(EnglishWords.weekday(weekday)) of the month")
            case .every, .range, .hashed, .last, .lastWeekday, .nearestWeekday: break
            }
        }
        return EnglishWords.joined(parts, by: any == nil ? "and" : "or")
    }

    private func plainWeekdays(any: String?) -> String {
        let field = CronField.dayOfWeek
        if items(field).count == 1, case .range(let low, let high, 1, _) = items(field)[0], low != high {
            let ends = "\(EnglishWords.weekday(low)) to \(EnglishWords.weekday(high))"
            return any.map { $0 == "a" ? "one of \(ends)" : "\($0) day from \(ends)" } ?? ends
        }
        let names = BitIndices(weekdayBits).map(EnglishWords.weekday)
        return "\(any ?? "on") \(EnglishWords.joined(names, by: any == nil ? "and" : "or"))"
    }

    private var isMonthRange: Bool {
        guard items(.month).count == 1, case .range(let low, let high, 1, _) = items(.month)[0] else { return false }
        return low != high
    }

    var monthWords: String {
        if isMonthRange, case .range(let low, let high, _, _) = items(.month)[0] {
            return "\(EnglishWords.month(low)) to \(EnglishWords.month(high))"
        }
        return EnglishWords.joined(numbers(.month).map(EnglishWords.month))
    }
}
