@testable import Schedule

/// Which cases ask for a rule that is not ours. Decided by dialect, features and meaning, never by a case's name;
/// `docs/schedules.md` gives the reasons.
extension CronCase {
    /// Why the case does not apply, as far as can be said before the expression is read.
    var foreignRule: String? {
        if implementation_specific == true || has("jitter_seed") { return "another implementation's own hash" }
        if known_limitation == true || has("known_limitation") { return "a limitation its authors name" }
        if op == "field" { return "a field with bounds of its own" }
        if op == "interval_next" { return "an interval that starts at the moment asked about" }
        if has("tz_prefix") { return "a zone inside the expression" }
        if layout.hasPrefix("sec-last") || layout == "year-last" { return "seconds or year at the end" }
        if layout.hasSuffix("+year"), op != "parse_error", yearlessExpression == nil { return "a year field" }
        if options?.expand_from_start_time == true { return "steps from the start time" }
        if options?.hasYear == true || options?.max_years_between_matches != nil { return "a limit of years" }
        return dayRule ?? clockRule
    }

    /// Rules for the day fields.
    private var dayRule: String? {
        let isStarStep = has("dom_dow_star_step")
        switch dialect {
        case "robfig", "cronexpr", "cron-parser":
            return isStarStep ? "*/n in a day field counts as restricted" : nil
        case "croniter":
            if isStarStep, options?.implement_cron_bug != true { return "*/n in a day field counts as restricted" }
            if op != "parse_error", has("#"), has("range") { return "a range before #" }
            if op != "parse_error", has("L"), has("range"), !has("L_offset") { return "L as the end of a range" }
            return op != "parse_error" && words.last.map(isWholeWeek) == true ? "SUN-SUN as the whole week" : nil
        case "quartz":
            let weekday = words.count > 5 ? words[5] : ""
            return op != "parse_error" && weekday.contains(where: \.isNumber) ? "weekdays counted from 1" : nil
        default:
            return nil
        }
    }

    private func isWholeWeek(_ weekday: Substring) -> Bool {
        let ends = weekday.split(separator: "-")
        return ends.count == 2 && ends[0].lowercased() == ends[1].lowercased() && ends[0].lowercased() == "sun"
    }

    /// Rules for clock changes that can be told from the expression's shape.
    private var clockRule: String? {
        guard has("dst_gap") || has("dst_overlap") else { return nil }
        let clock = words.prefix(layout == "min" ? 3 : 4).dropLast(1)
        let repeats = clock.contains { $0.hasPrefix("*") || $0.hasPrefix("?") }
        switch dialect {
        case "cronsim":
            return layout != "min" && has("dst_gap") ? "six fields are exempt from the gap rule" : nil
        case "cronos":
            // Cronos also calls a schedule with a range, or a step after a number, repeating.
            let isInterval = repeats || clock.contains { $0.contains("-") || $0.contains("/") }
            return isInterval != repeats ? "ranges and steps count as repeating" : nil
        case "robfig", "kubernetes":
            return repeats ? nil : "gaps skipped, repeated times twice"
        case "cron-parser":
            let hour = clock.last ?? ""
            if hour.hasPrefix("*") != repeats { return "only the hour field decides what repeats" }
            return has("dst_gap") && !repeats ? "a skipped time moves by an hour" : nil
        case "croniter":
            return has("dst_overlap") && !repeats ? "repeated times twice" : nil
        case "cronexpr":
            return options?.hasDST == true ? "clock changes by option" : nil
        default:
            return nil
        }
    }

    /// A seven-field expression without its year, when that year is the one asked about or any.
    var yearlessExpression: String? {
        guard words.count == 7, let from, op == "match" || (op == "next" && words[6] == "*") else { return nil }
        guard words[6] == "*" || words[6] == from.prefix(4) else { return nil }
        return words.dropLast().joined(separator: " ")
    }

    /// Why it may be right that we read an expression that the other implementation refuses.
    func reasonForReading(_ expression: CronExpression) -> String? {
        if op == "parse_error", expression.usesExtensions { return "an extension that it does not have" }
        let list = words.flatMap { $0.split(separator: ",") }
        switch dialect {
        case "cron-parser" where has("list") && (Set(list).count < list.count || has("dow_7")):
            return "a number listed twice is an error"
        case "cron-parser" where has("H"): return "H in a dialect of its own"
        case "quartz" where !has("?"): return "one day field must be ?"
        case "croniter" where has("#") && has("list"): return "# in a list is an error"
        case "croniter" where has("L") && has("step"): return "a step after L is an error"
        case "cronexpr" where has("dow_7"): return "7 ends no range"
        default: return options?.hasYear == true ? "a limit of years" : nil
        }
    }

    /// Why it may be right that our times are others.
    func reasonForOtherTimes(isNever: Bool) -> String? {
        guard dialect == "croniter" else { return nil }
        if isNever { return "it gives up early" }
        let wraps = words.contains { word in
            guard let field = try? CronExpression("0 0 1 * \(word)").fields.weekdays else {
                return (try? CronExpression("0 0 1 \(word) *"))?.usesExtensions == true
            }
            return field != 0 && (try? CronExpression("0 0 1 * \(word)"))?.usesExtensions == true
        }
        return wraps && has("step") ? "steps begin anew in a wrapped range" : nil
    }

    /// Why it may be right that we refuse an expression that the other implementation reads.
    func reasonForRefusing(_ error: CronError) -> String? {
        if error.kind == .neverFires, op == "parse_ok" { return "what can never fire is an error" }
        if has("H"), dialect == "cron-parser" { return "H in a dialect of its own" }
        if has("every") { return "@every is an interval" }
        if dialect == "croniter", words.contains(where: { $0.uppercased().contains(/[LW][0-9]/) }) {
            return "L5 and W15"
        }
        if dialect == "quartz", has("W"), has("list") { return "W in a list" }
        if has("names"),
            words.contains(where: { $0.split(separator: ",").contains { $0.count > 3 && $0.allSatisfy(\.isLetter) } })
        {
            return "long names"
        }
        return nil
    }
}

extension CronExpression {
    /// Whether it holds what only some implementations know: `?`, wrapping ranges, `W`, `L-3`, `H`, `FRIL`.
    var usesExtensions: Bool {
        guard !text.contains("?"), let parsed = try? CronParser(text, hashKey: hashKey).fields() else { return true }
        return parsed.fields.contains { field in
            field.items.contains { item in
                switch item {
                case .range(let low, let high, _, _): low > high
                case .nearestWeekday, .hashed: true
                case .last(let before), .lastWeekday(let before): before > 0
                case .every, .lastOf, .nth: false
                }
            }
        }
    }
}
