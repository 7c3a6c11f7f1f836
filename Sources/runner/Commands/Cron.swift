import ArgumentParser
import CEL
import Connections
import Recipe
import Schedule
import YAML

/// `runner cron`: what an expression means, and when it fires.
struct Cron: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cron",
        abstract: "Explains a cron expression or an interval in words, and lists its fire times.",
        discussion: "Quote the expression: runner cron \"*/15 9-17 * * MON-FRI\" --timezone Europe/Paris"
    )

    @Argument(help: "A cron expression of five or six fields, an @ name, or an interval such as 90s.")
    var expression: String

    @Option(help: "The time zone (default: the workspace's, else the machine's).")
    var timezone: String?

    @Option(
        name: .customLong("day-match"),
        help: "Whether a day that matches one day field is enough (or) or not (and)."
    )
    fileprivate var dayMatch = DayMatching.or

    @Option(help: "The recipe whose name chooses the numbers of H and the phase of an interval.")
    var recipe = ""

    @Option(name: .short, help: "How many fire times.")
    var n = 10

    @Option(help: "List fire times after this (default: now).")
    var from: String?

    @Flag(help: "One JSON object; times in UTC and in the zone.")
    var json = false

    @OptionGroup var place: WorkspaceOptions

    func run() throws {
        guard n >= 0 else { throw Failure(.invalid, "-n must not be negative") }
        let zone = try zone()
        let schedule = try schedule(zone)
        let now = SystemClock().now()
        let start = try from.map { try TimeArgument($0, option: "--from", today: zone.wallTime(at: now)) }
        let fires = Array(schedule.instants(after: start.map { $0.instant(in: zone) } ?? now).prefix(n))
        let words = ScheduleInWords(schedule, zone: zone, recipe: recipe, after: start?.instant(in: zone) ?? now)
        guard !json else {
            return Terminal.out(object(words, fires, zone, now).json())
        }
        Terminal.out(words.explanation)
        for note in words.notes { Terminal.out("  " + note) }
        if fires.isEmpty {
            if n > 0 { Terminal.out("\nno fire time within 100 years") }
            return
        }
        var table = Table(["FIRES (\(zone))", "", ""])
        for fire in fires {
            table.add([fire.rfc3339(in: zone), zone.wallTime(at: fire).weekdayName, RelativeTime.text(fire, from: now)])
        }
        Terminal.out("\n" + table.text)
    }

    private func object(_ words: ScheduleInWords, _ fires: [Instant], _ zone: Zone, _ now: Instant) -> Value {
        .map(
            ValueMap([
                ("expression", .string(expression)), ("timezone", .string(zone.name)),
                ("explanation", .string(words.explanation)),
                ("repeats", words.repeats.map(Value.bool) ?? .null),
                ("notes", .list(words.notes.map(Value.string))),
                (
                    "fires",
                    .list(
                        fires.map { fire in
                            .map(
                                ValueMap([
                                    ("at", Listing.json(fire)), ("local", .string(fire.rfc3339(in: zone))),
                                    ("offset_s", .int(Int64(zone.offset(at: fire)))),
                                    ("in_s", .double(Listing.milliseconds(fire - now) / 1_000)),
                                ])
                            )
                        }
                    )
                ),
            ])
        )
    }

    // MARK: - What is asked

    private func zone() throws -> Zone {
        guard let timezone else { return try place.location().loader().settings().timezone }
        do {
            return try Zone(named: timezone)
        } catch {
            let message = error.message + (error.help.map { "; \($0)" } ?? "")
            throw Failure(error.kind == .unknownName ? .invalid : .unable, message)
        }
    }

    private func schedule(_ zone: Zone) throws -> Schedule {
        if isInterval {
            do {
                let period = try IntervalSchedule.parsePeriod(expression)
                return .interval(try IntervalSchedule(period: period, hashKey: recipe))
            } catch {
                throw refusal("interval", error.message, error.help, error.range)
            }
        }
        do {
            return .cron(
                CronSchedule(try CronExpression(expression, hashKey: recipe, dayMatch: dayMatch.rule), zone: zone)
            )
        } catch {
            throw refusal("cron", error.message, error.help, error.range)
        }
    }

    /// One word that begins as a duration does, or a number and a word: a slip such as `5 parsecs`.
    private var isInterval: Bool {
        let words = expression.split(whereSeparator: \.isWhitespace)
        guard let first = words.first?.first, first.isNumber || first == "P" || first == "p" else { return false }
        return words.count == 1 || words.count == 2 && words[1].first?.isLetter == true
    }

    /// Prints the mistake as `validate` does, with the line and a caret.
    private func refusal(_ kind: String, _ message: String, _ help: String?, _ range: Range<Int>) -> ExitCode {
        // A line break counts as a space, and would put the caret under another line.
        let text = String(String.UnicodeScalarView(expression.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
        let column = 1 + String(decoding: Array(text.utf8)[..<range.lowerBound], as: UTF8.self).unicodeScalars.count
        let length = String(decoding: Array(text.utf8)[range], as: UTF8.self).unicodeScalars.count
        let diagnostic = Diagnostic(
            code: "trigger.\(kind)",
            message: message,
            help: help,
            path: kind,
            span: Span(Mark(line: 1, column: column), length: length)
        )
        let source = Source(path: kind, text: text)
        Terminal.errorLine(diagnostic.rendered(in: source, colour: Terminal.allowsColour(2)))
        return ExitCode(Failure.Code.invalid.rawValue)
    }
}

/// `day_match`, as an option.
private enum DayMatching: String, ExpressibleByArgument, CaseIterable {
    case or, and

    var rule: DayMatch {
        switch self {
        case .or: .or
        case .and: .and
        }
    }
}
