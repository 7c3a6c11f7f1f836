import YAML

/// The verb `call`: another recipe of the workspace, as a part of this run.
public struct RecipeCall: Sendable {
    /// The recipe's name.
    public let name: String
    /// The map behind `inputs:`; nil gives nothing.
    public let inputs: ValueTemplate?
    /// Where the name stands.
    let span: Span
    /// What stands behind `inputs:`, for the check against the recipe that is called.
    let given: Node?
}

extension Recipe {
    /// All its calls of other recipes, in the order of the file.
    var calls: [RecipeCall] {
        [actions, onSuccess, onFailure, finally].flatMap { $0.flatMap(\.calls) }
    }
}

extension Action {
    fileprivate var calls: [RecipeCall] {
        var all: [RecipeCall] = []
        if case .call(let call) = verb { all.append(call) }
        for branch in verb.branches { all += branch.flatMap(\.calls) }
        if case .handle(let handlers) = onError { all += handlers.flatMap(\.calls) }
        return all
    }
}
