import CEL
import Recipe

extension Performance {
    /// The verb `switch`: the actions of the first case that holds, else those of `else`.
    ///
    /// Its result is the last one of the case that was done; null when none was.
    func choose(_ choice: Choice, in scope: inout Scope) async throws(Exit) -> VerbResult {
        // What was decided stays so, also where time has changed what it depends on.
        let begun = step.branches.indices.first { number in
            let branch = number == choice.cases.count ? "else" : String(number)
            return run.checkpoints.takeEntry(ActionKey(path: "\(key.path)/\(branch)", index: position.index))
        }
        if let begun { return try await performBranch(begun, in: &scope) }
        for (number, option) in choice.cases.enumerated() {
            if try run.holds(option.condition, as: "when", of: step, in: scope) {
                return try await performBranch(number, in: &scope)
            }
        }
        return try await performBranch(choice.cases.count, in: &scope)
    }
}
