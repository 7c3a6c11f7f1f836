import CEL
import Recipe

extension Performance {
    /// The verb `stop`: the run ends well, with this reason.
    func stop(_ template: Template, in scope: Scope) throws(Exit) -> VerbResult {
        throw .stopped(reason: try evaluate { () throws(ExpressionError) in try template.text(in: scope) })
    }
}
