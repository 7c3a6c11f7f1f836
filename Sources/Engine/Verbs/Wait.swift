import CEL
import Connections
import Recipe
import Schedule

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
        try await run.checkpoints.flush()
        run.noteEffect()
        guard duration > .zero else { return VerbResult(value: .null) }
        do {
            try await run.services.clock.sleep(for: duration)
        } catch {
            throw .cancelled
        }
        return VerbResult(value: .null)
    }
}
