import CEL
import Schedule

/// Times as other systems write them, in patterns of `strftime`.
enum TimeFunctions {
    static let all = [format, parse]

    /// `time.format(timestamp, pattern)` in UTC, and `time.format(timestamp, pattern, zone)`.
    private static let format = Function(
        "time.format",
        overloads: [[], [Type.string]].map { zone in
            .metered([.timestamp, .string] + zone, .string) { (arguments, meter) throws(EvaluationError) in
                guard case .timestamp(let timestamp) = arguments[0] else { return .null }
                let pattern = try pattern(arguments[1], "time.format", &meter)
                let zone = try arguments.count > 2 ? TimeFunctions.zone(arguments[2].characters) : .utc
                let text = pattern.format(timestamp, in: zone)
                try meter.allocate(text.utf8.count)
                return .string(text)
            }
        }
    )

    /// `time.parse(text, pattern)`, where UTC holds unless the text has an offset, and `time.parse(text, pattern, zone)`.
    private static let parse = Function(
        "time.parse",
        overloads: [[], [Type.string]].map { zone in
            .metered([.string, .string] + zone, .timestamp) { (arguments, meter) throws(EvaluationError) in
                let text = arguments[0].characters
                let pattern = try pattern(arguments[1], "time.parse", &meter)
                let zone = try arguments.count > 2 ? TimeFunctions.zone(arguments[2].characters) : .utc
                try meter.step(1 + text.utf8.count >> 2)
                do throws(TimePattern.Flaw) {
                    return .timestamp(try pattern.read(text, in: zone))
                } catch {
                    throw EvaluationError(
                        .invalidArgument,
                        "time.parse() with '\(pattern.text.prefix(60))': \(error.message)"
                    )
                }
            }
        }
    )

    private static func pattern(
        _ text: Value,
        _ function: String,
        _ meter: inout Meter
    ) throws(EvaluationError) -> TimePattern {
        let text = text.characters
        // A directive gives some ten characters.
        try meter.step(1 + text.utf8.count)
        try meter.allocate(text.utf8.count * 16)
        do throws(TimePattern.Flaw) {
            return try TimePattern(text)
        } catch {
            throw EvaluationError(.invalidArgument, "\(function)(): \(error.message)")
        }
    }

    /// A zone of the tz database, `UTC`, or a fixed offset such as `+02:00`.
    private static func zone(_ name: String) throws(EvaluationError) -> Zone {
        if name == "UTC" || name == "Z" { return .utc }
        if let first = name.first, first == "+" || first == "-", let pattern = try? TimePattern("%Y %z"),
            let shifted = try? pattern.read("2000 \(name)", in: .utc), let base = try? pattern.read("2000 Z", in: .utc)
        {
            return Zone(secondsEast: Int(base.seconds - shifted.seconds))
        }
        do throws(ZoneError) {
            return try Zone(named: name)
        } catch {
            let mend = error.suggestion.map { "; '\($0)' was probably meant" } ?? ""
            throw EvaluationError(.invalidArgument, error.message + mend)
        }
    }
}
