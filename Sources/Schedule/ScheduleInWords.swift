/// A schedule as people say it, with what they should know about it.
public struct ScheduleInWords: Sendable {
    /// What it asks for: `every 15 minutes from 09:00 through 17:59, Monday to Friday`.
    public let explanation: String
    /// Sentences about the clocks' changes, the day fields and `H`, where they matter.
    public let notes: [String]
    /// Whether a cron schedule repeats, which decides what changes of the clocks do to it; nil for an interval.
    public let repeats: Bool?

    /// Puts a schedule into words.
    ///
    /// - Parameters:
    ///   - zone: the zone in which moments are shown.
    ///   - recipe: the name that `H` and the phase of an interval are hashed from; empty when there is none.
    ///   - moment: changes of the clocks after this are looked at.
    public init(_ schedule: Schedule, zone: Zone, recipe: String, after moment: Instant) {
        switch schedule {
        case .cron(let cron):
            explanation = cron.expression.explanation
            repeats = cron.expression.repeats
            notes = ScheduleInWords.notes(cron, recipe: recipe, after: moment)
        case .interval(let interval):
            explanation = "every \(DurationText.format(interval.period)), without drift"
            repeats = nil
            let phase = DurationText.format(interval.phase)
            notes = [
                "fires \(phase) after each multiple of the period since 1970-01-01T00:00:00Z; the phase is hashed from "
                    + (recipe.isEmpty ? "the recipe's name (here: none)" : "`\(recipe)`"),
                "changes of the clocks do not matter to an interval",
            ]
        }
    }

    private static func notes(_ cron: CronSchedule, recipe: String, after moment: Instant) -> [String] {
        var notes: [String] = []
        let expression = cron.expression
        if expression.areBothDayFieldsRestricted {
            notes.append(
                expression.dayMatch == .or
                    ? "both day fields are restricted, so a day that matches either is enough (crontab(5))"
                    : "a day must match both day fields (day_match: and)"
            )
        }
        if expression.usesHash {
            notes.append(
                "H stands for numbers that are hashed from "
                    + (recipe.isEmpty ? "the recipe's name; these are those of none" : "`\(recipe)`")
            )
        }
        notes.append(clockRule(cron))
        notes += coming(cron, after: moment)
        return notes
    }

    /// What changes of the clocks do to it, as a rule.
    private static func clockRule(_ cron: CronSchedule) -> String {
        guard cron.zone.nextOffsetChange(after: Instant(seconds: 0)) != nil else {
            return "the clocks of \(cron.zone) do not change"
        }
        let gap =
            switch cron.gap {
            case .next: "a time that the clocks skip fires at the first moment after the gap"
            case .skip: "a time that the clocks skip does not fire"
            }
        let overlap =
            switch cron.overlap {
            case .first: "one that comes twice fires the first time only"
            case .last: "one that comes twice fires the last time only"
            case .both: "one that comes twice fires both times"
            }
        let reason =
            cron.expression.repeats
            ? "it repeats (a field of its time begins with *)"
            : "it does not repeat (no field of its time begins with *)"
        return "\(reason): \(gap), \(overlap)"
    }

    /// So many changes of the clocks are looked at: ten years of two a year.
    private static let changesAhead = 20

    /// The next change that moves or leaves out a fire, and the next at which a time comes twice.
    private static func coming(_ cron: CronSchedule, after moment: Instant) -> [String] {
        var (gap, overlap): (String?, String?)
        var last = moment
        for _ in 0..<changesAhead {
            guard gap == nil || overlap == nil, let change = cron.zone.nextOffsetChange(after: last) else { break }
            last = change.at
            guard let effect = cron.effect(ofChangeAt: change.at) else { continue }
            let words = effect.words(in: cron.zone)
            if change.after > change.before { gap = gap ?? words } else { overlap = overlap ?? words }
        }
        return [gap, overlap].compactMap { $0 }
    }
}
