import CEL
import Recipe

extension Performance {
    /// The verb `set`: writes `vars`.
    ///
    /// Its result is what it set, so that a resumed run can set it again.
    func set(_ variables: [(key: String, value: ValueTemplate)], in scope: inout Scope) throws(Exit) -> VerbResult {
        var result = ValueMap()
        for (name, template) in variables {
            let visible = scope
            let value = try evaluate { () throws(ExpressionError) in try template.evaluate(in: visible) }
            scope.set(member: name, of: "vars", to: value)
            result[name] = value
        }
        return VerbResult(value: .map(result))
    }
}
