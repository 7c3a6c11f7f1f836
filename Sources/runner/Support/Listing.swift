import CEL
import Schedule
import Store
import YAML

/// How records look in listings, for programs and for people.
enum Listing {
    /// A run as an object of `--json` (RFC 3339, UTC).
    static func json(_ run: RunRecord) -> Value {
        .map(
            ValueMap([
                ("id", .string(run.id.text)),
                ("recipe", .string(run.fire.recipe)),
                ("trigger", .string(run.fire.trigger)),
                ("cause", .string(run.cause.rawValue)),
                ("scheduled_at", .string(run.fire.scheduledAt.rfc3339())),
                ("started_at", json(run.startedAt)),
                ("finished_at", json(run.finishedAt)),
                ("status", .string(run.status.rawValue)),
                ("reason", run.reason.map(Value.string) ?? .null),
                ("lateness_ms", run.lateness.map { .double(milliseconds($0)) } ?? .null),
                ("attempt", .int(Int64(run.attempt))),
                ("origin", run.origin.map { .string($0.text) } ?? .null),
                ("missed_until", json(run.missedUntil)),
                ("missed_count", run.missedCount.map { .int(Int64($0)) } ?? .null),
            ])
        )
    }

    /// A diagnostic as an object of `--json`; line and column from 1.
    static func json(_ diagnostic: Diagnostic) -> Value {
        .map(
            ValueMap([
                ("path", .string(diagnostic.path)),
                ("line", diagnostic.span.map { .int(Int64($0.start.line)) } ?? .null),
                ("column", diagnostic.span.map { .int(Int64($0.start.column)) } ?? .null),
                ("severity", .string(diagnostic.severity.rawValue)),
                ("code", .string(diagnostic.code)),
                ("message", .string(diagnostic.message)),
                ("help", diagnostic.help.map(Value.string) ?? .null),
            ])
        )
    }

    /// A renewal as an object of `--json`.
    static func json(_ renewal: RenewalRecord) -> Value {
        let (outcome, message, generation): (String, String?, Int64?) =
            switch renewal.outcome {
            case .renewed(let generation): ("renewed", nil, generation)
            case .failed(let message): ("failed", message, nil)
            case .superseded: ("superseded", nil, nil)
            }
        return .map(
            ValueMap([
                ("at", json(renewal.at)), ("reason", .string(renewal.reason.rawValue)),
                ("kind", .string(renewal.kind.rawValue)), ("duration_ms", .double(milliseconds(renewal.duration))),
                ("outcome", .string(outcome)), ("generation", generation.map(Value.int) ?? .null),
                ("message", message.map(Value.string) ?? .null),
            ])
        )
    }

    /// A moment in UTC, or null.
    static func json(_ instant: Instant?) -> Value { instant.map { .string($0.rfc3339()) } ?? .null }

    /// An array with one object a line.
    static func array(_ objects: [Value]) -> String {
        objects.isEmpty ? "[]" : "[\n" + objects.map { $0.json() }.joined(separator: ",\n") + "\n]"
    }

    /// A moment in a zone for people, to the second.
    static func text(_ instant: Instant?, _ zone: Zone) -> String {
        guard let instant else { return "-" }
        let whole = Instant(
            seconds: (instant.microseconds / 1_000_000) - (instant.microseconds % 1_000_000 < 0 ? 1 : 0)
        )
        return whole.rfc3339(in: zone)
    }

    /// Milliseconds, to the microsecond.
    static func milliseconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1_000
    }

    /// A length of time for people.
    static func text(_ duration: Duration?) -> String {
        guard let duration else { return "-" }
        let ms = milliseconds(duration)
        return ms < 1_000 ? "\(Int(ms.rounded())) ms" : "\((ms / 100).rounded() / 10) s"
    }
}
