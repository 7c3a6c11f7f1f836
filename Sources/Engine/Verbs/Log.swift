import CEL
import Recipe

extension Performance {
    /// The verb `log`: a line for people.
    func log(_ log: LogAction, in scope: Scope) throws(Exit) -> VerbResult {
        let message = try evaluate { () throws(ExpressionError) in try log.message.text(in: scope) }
        run.report(.log(run: run.run, recipe: run.plan.recipe.name, log.level, message: run.redact(message)))
        return VerbResult(value: .null)
    }
}
