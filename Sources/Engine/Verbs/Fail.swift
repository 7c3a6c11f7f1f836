import CEL
import Recipe

extension Performance {
    /// The verb `fail`: the action fails with this message.
    func fail(_ template: Template, in scope: Scope) throws(Exit) -> VerbResult {
        let message = try evaluate { () throws(ExpressionError) in try template.text(in: scope) }
        throw failure(.fail, message)
    }
}
