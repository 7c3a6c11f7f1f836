import CEL
public import Recipe
import Synchronization

/// A recipe, and what is worked out once instead of in each of its runs.
///
/// That happens at its first run: of a hundred thousand recipes most wait for days.
public final class RecipePlan: Sendable {
    /// The recipe.
    public let recipe: Recipe
    private let preparation = Mutex<Preparation?>(nil)

    /// The plan of a recipe.
    public init(_ recipe: Recipe) { self.recipe = recipe }

    var actions: [Step] { prepared.actions }
    var onSuccess: [Step] { prepared.onSuccess }
    var onFailure: [Step] { prepared.onFailure }
    var finally: [Step] { prepared.finally }
    /// Variables that some expression of the recipe reads.
    var variables: Set<String> { prepared.variables }
    /// What a run is sure to send its first request through; nil where it need not send any at first.
    var firstConnection: ConnectionReference? { prepared.firstConnection }
    /// `recipe` in expressions.
    var recipeVariable: Value { prepared.recipeVariable }
    /// Whether some expression reads `connection`.
    var readsConnection: Bool { variables.contains("connection") }

    /// Whether an expression reads this member of `run`, which costs something to find out.
    func needs(_ member: String) -> Bool { prepared.runMembers?.contains(member) ?? true }

    private var prepared: Preparation {
        preparation.withLock { known in
            if let known { return known }
            let new = Preparation(recipe)
            known = new
            return new
        }
    }

    private final class Preparation: Sendable {
        let actions: [Step]
        let onSuccess: [Step]
        let onFailure: [Step]
        let finally: [Step]
        let variables: Set<String>
        let recipeVariable: Value
        let firstConnection: ConnectionReference?
        /// Members of `run` that some expression reads; nil when one reads `run` as a whole.
        let runMembers: Set<String>?

        init(_ recipe: Recipe) {
            recipeVariable = .map(["name": .string(recipe.name), "version": .string(recipe.version)])
            firstConnection = recipe.firstConnection
            actions = recipe.actions.map(Step.init)
            onSuccess = recipe.onSuccess.map(Step.init)
            onFailure = recipe.onFailure.map(Step.init)
            finally = recipe.finally.map(Step.init)
            var variables: Set<String> = []
            var members: Set<String>? = []
            for expression in recipe.expressions {
                for reference in expression.program.references {
                    guard let root = reference.path.first else { continue }
                    variables.insert(root)
                    guard root == "run" else { continue }
                    if reference.path.count > 1 { members?.insert(reference.path[1]) } else { members = nil }
                }
            }
            self.variables = variables
            runMembers = members
        }
    }
}

extension Recipe {
    /// The connection of the first action, when that is a request and has no condition.
    fileprivate var firstConnection: ConnectionReference? {
        guard let first = actions.first, case .http = first.verb, first.condition == nil else { return nil }
        return first.connection ?? connection
    }

    /// Every expression of the recipe.
    var expressions: [Expression] {
        vars.flatMap(\.value.expressions) + actions.flatMap(\.expressions) + (state?.expressions ?? [])
            + (output?.expressions ?? []) + onSuccess.flatMap(\.expressions) + onFailure.flatMap(\.expressions)
            + finally.flatMap(\.expressions)
    }
}

extension Action {
    /// Every expression of the action and of those inside it.
    var expressions: [Expression] {
        var all = verb.expressions
        if let condition { all.append(condition) }
        if let forEach { all.append(forEach.list) }
        if let dedupe = forEach?.dedupe { all.append(dedupe.key) }
        if let condition = retry?.condition { all.append(condition) }
        if let condition = polling?.condition { all.append(condition) }
        if let output { all += output.expressions }
        if case .handle(let actions) = onError { all += actions.flatMap(\.expressions) }
        return all
    }
}

extension HTTPAction {
    /// Every expression of the request and of what is asked of its response.
    var expressions: [Expression] {
        var all = url.expressions + (query?.expressions ?? []) + (headers?.expressions ?? [])
        all += body.expressions + (saveTo?.expressions ?? [])
        if case .condition(let condition) = expect { all.append(condition) }
        all += onStatus.flatMap(\.body.expressions)
        if let pagination { all += pagination.pageExpressions + (pagination.actions ?? []).flatMap(\.expressions) }
        if case .template(let template) = idempotencyKey { all += template.expressions }
        return all
    }
}
