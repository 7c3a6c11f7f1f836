import CEL
import Connections
import Recipe
import Schedule
import Store

extension Performance {
    /// The verb `wait`: a duration such as `5s`, or an expression that gives one.
    func wait(_ template: Template, in scope: Scope) async throws(Exit) -> VerbResult {
        let value = try evaluate { () throws(ExpressionError) in try template.evaluate(in: scope) }
        let duration: Duration
        switch value {
        case .duration(let length): duration = length.duration
        case .int(let seconds): duration = .seconds(seconds)
        case .double(let seconds) where seconds.isFinite && abs(seconds) < 1e12: duration = .seconds(seconds)
        case .string(let text):
            do {
                duration = try DurationText.parse(text)
            } catch {
                throw failure(.type, "`wait`: \(error.message)")
            }
        default: throw failure(.type, "`wait` needs a duration such as `5s`, and this is \(value.typeName.name)")
        }
        run.noteEffect()
        let clock = run.services.clock
        let now = clock.now()
        let earlier = Self.moment(record.result)
        let end = earlier ?? now + duration
        // A clock that was set back makes no wait longer than it was meant.
        let rest = min(end - now, duration)
        guard rest > .zero else { return VerbResult(value: .null) }
        var begun = record
        begun.result = Value(end)
        if position.canPark, !position.isConcurrent, rest >= Self.parkedFrom {
            run.checkpoints.add(begun)
            throw .parked(until: now + rest)
        }
        try await run.checkpoints.flush()
        if earlier == nil, rest >= Self.durableFrom { try await run.checkpoints.begin(begun) }
        do {
            try await clock.sleep(for: rest)
        } catch {
            throw .cancelled
        }
        return VerbResult(value: .null)
    }

    /// A shorter wait is done again as a whole after a crash, and costs no record of its end.
    private static let durableFrom = Duration.seconds(1)
    /// A shorter wait stays in memory: to take the run up again would cost more.
    private static let parkedFrom = Duration.seconds(5)

    /// When a wait that was begun before ends.
    private static func moment(_ value: Value?) -> Instant? {
        guard case .timestamp(let moment)? = value else { return nil }
        return Instant(microseconds: moment.seconds * 1_000_000 + Int64(moment.nanoseconds) / 1_000)
    }
}
