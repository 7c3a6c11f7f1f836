import CEL
import Recipe

extension Performance {
    /// The verb `switch`: the actions of the first case that holds, else those of `else`.
    ///
    /// Its result is the last one of the case that was done; null when none was.
    func choose(_ choice: Choice, in scope: inout Scope) async throws(Exit) -> VerbResult {
        for (number, option) in choice.cases.enumerated() {
            if try run.holds(option.condition, as: "when", of: step, in: scope) {
                return try await performBranch(number, in: &scope)
            }
        }
        return try await performBranch(choice.cases.count, in: &scope)
    }
}
