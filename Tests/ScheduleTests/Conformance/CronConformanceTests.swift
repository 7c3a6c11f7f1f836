import Foundation
import Testing

@testable import Schedule

/// Other implementations' cases, where their rule is ours.
@Suite("CronConformance")
struct CronConformanceTests {
    @Test(arguments: ["cronsim", "cronos", "robfig", "kubernetes", "cron-parser", "croniter", "cronexpr", "quartz"])
    func `agrees with the cases of`(dialect: String) throws {
        guard let conformanceFolder else {
            print("CronConformance \(dialect): skipped (RUNNER_CONFORMANCE is not set)")
            return
        }
        let file = URL(fileURLWithPath: conformanceFolder).appendingPathComponent("cron/\(dialect).json")
        let cases = try JSONDecoder().decode([CronCase].self, from: Data(contentsOf: file))
        var count = ConformanceCount()
        for one in cases { count.note(try one.outcome(), one.id) }
        print("CronConformance \(count.line(dialect))")
        #expect(count.failed == [])
        #expect(count.passed > 0)
    }
}

extension CronCase {
    func outcome() throws -> Outcome {
        if let foreignRule { return .notApplicable(foreignRule) }
        let text = yearlessExpression ?? expr ?? ""
        // Cronos joins two restricted day fields with "and", which is our day_match: and.
        let joinsDays = dialect == "cronos" || options?.day_or == false
        let dayMatch: DayMatch = joinsDays && has("dom_and_dow") ? .and : .or
        let expression: CronExpression
        do {
            expression = try CronExpression(text, hashKey: "recipe", dayMatch: dayMatch)
        } catch {
            if op == "parse_error" || expected_error == true { return .passed }
            // An expression that can never fire is refused where others find no time.
            if error.kind == .neverFires, expected == [] || match == false { return .passed }
            if let reason = reasonForRefusing(error) { return .notApplicable(reason) }
            return .failed("refused: \(error.message)")
        }
        switch op {
        case "parse_ok": return .passed
        case "parse_error":
            return reasonForReading(expression).map(Outcome.notApplicable) ?? .failed("\(text) was read")
        case "equal", "not_equal":
            let other = try CronExpression(expr2 ?? "", hashKey: "recipe", dayMatch: dayMatch)
            return check(expression.isSameSchedule(as: other), op == "equal")
        case "field_values": return check(expression.numbers(ofField: field ?? ""), values ?? [])
        default: return try times(CronSchedule(expression, zone: zone()))
        }
    }

    /// The cases that ask for fire times.
    private func times(_ schedule: CronSchedule) throws -> Outcome {
        switch op {
        case "match":
            let moment = try moment(from)
            // An expression without seconds is asked about the minute.
            let length: Int64 = layout == "min" ? 60 : 1
            let start = Instant(seconds: floorDivide(moment.wholeSeconds, by: length) * length)
            return check(schedule.next(after: start - .microseconds(1)) == start, match ?? false)
        case "most_recent", "due":
            if expected_some == true { return check(try recent(schedule) != nil, true) }
            return check(try recent(schedule), try (expected_recent ?? expected_due).map(moment))
        case "until_next":
            let now = try moment(now)
            return check(schedule.next(after: now).map { $0 - now }, expected_seconds.map { .seconds($0) })
        case "next", "prev":
            return try list(schedule)
        default:
            return .failed("unknown operation \(op)")
        }
    }

    private func list(_ schedule: CronSchedule) throws -> Outcome {
        let isForward = op == "next"
        var last = try moment(from)
        // "Inclusive" asks whether the expression names the moment: the end of a gap, where a skipped time fires, is not named.
        // What is finer than our microsecond was dropped, and the moment in question is a little later than `last`.
        let isExact = from?.firstMatch(of: /\.\d{6}0*[1-9]/) == nil
        if inclusive == true, isExact, schedule.names(last) {
            last = isForward ? last - .microseconds(1) : last + .microseconds(1)
        }
        let wanted = try expected?.map(moment)
        var found: [Instant] = []
        for _ in 0..<max(1, wanted?.count ?? expected_fields?.count ?? 1) {
            guard let time = isForward ? schedule.next(after: last) : schedule.previous(before: last) else { break }
            found.append(time)
            last = time
        }
        if let expected_fields {
            let fields = zip(expected_fields, found).map { wanted, time in
                let parts = parts(of: schedule.zone.wallTime(at: time))
                return wanted.allSatisfy { parts[$0] == $1 }
            }
            return check(fields, expected_fields.map { _ in true })
        }
        if wanted == found { return .passed }
        if let reason = reasonForOtherTimes(isNever: wanted == []) { return .notApplicable(reason) }
        // Cronos fires a repeating schedule once more at the end of a gap, at a time that the expression does not name.
        if dialect == "cronos", has("dst_gap"), schedule.expression.repeats, let first = wanted?.first,
            !schedule.names(first)
        {
            return .notApplicable("an extra fire at the end of a gap")
        }
        return check(found.map { $0.rfc3339(in: schedule.zone) }, expected ?? [])
    }

    private func recent(_ schedule: CronSchedule) throws -> Instant? {
        let earliest = try moment(last_schedule ?? created)
        guard let recent = schedule.previous(before: try moment(now) + .microseconds(1)), recent > earliest else {
            return nil
        }
        return recent
    }

    private func parts(of wall: WallTime) -> [String: Int] {
        [
            "year": wall.year, "month": wall.month, "day": wall.day, "hour": wall.hour, "minute": wall.minute,
            "second": wall.second,
        ]
    }

    private func moment(_ text: String?) throws -> Instant {
        try #require(text.flatMap { Instant(rfc3339: $0) })
    }

    private func check<T: Equatable>(_ found: T, _ wanted: T) -> Outcome {
        found == wanted ? .passed : .failed("\(expr ?? "") from \(from ?? now ?? ""): found \(found), not \(wanted)")
    }
}

extension CronSchedule {
    /// Whether the zone's clocks show a time that the expression names.
    func names(_ instant: Instant) -> Bool {
        let wall = zone.wallTime(at: instant).secondsSinceEpoch
        return instant.microseconds % 1_000_000 == 0 && expression.fields.next(onOrAfter: wall) == wall
    }
}

extension CronExpression {
    func numbers(ofField name: String) -> [Int] {
        let bits: UInt64? = [
            "seconds": fields.seconds, "minutes": fields.minutes, "hours": fields.hours, "days": UInt64(fields.days),
            "months": UInt64(fields.months), "weekdays": UInt64(fields.weekdays),
        ][name]
        return Array(BitIndices(bits ?? 0))
    }
}
