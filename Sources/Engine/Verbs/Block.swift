import CEL
import Recipe

extension Performance {
    /// The verb `do`: actions whose results are visible only inside; what they `set` stays.
    ///
    /// Its result is the last one inside.
    func performBlock(in scope: inout Scope) async throws(Exit) -> VerbResult {
        try await performBranch(0, in: &scope)
    }

    /// One of the lists of actions inside the verb.
    func performBranch(_ number: Int, in scope: inout Scope) async throws(Exit) -> VerbResult {
        var inner = scope
        let last = try await run.perform(step.branches[number], in: &inner, at: position)
        scope["vars"] = inner["vars"]
        return VerbResult(value: last ?? .null)
    }
}
