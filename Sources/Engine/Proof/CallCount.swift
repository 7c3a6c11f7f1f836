import Recipe

/// How many requests a run of a recipe sends at least, by connection.
///
/// An action inside a `foreach`, with pages or with retries may send more, and one with an `if` none: of both only a run knows.
struct CallCount {
    /// Requests by the connection's name.
    private(set) var calls: [String: Int] = [:]
    /// Connections to which more may be sent.
    private(set) var open: Set<String> = []
    /// The rate limits of connections that the recipe holds itself.
    private(set) var inlineLimits: [String: RateLimit] = [:]

    init(_ recipe: Recipe) {
        let plan = RecipePlan(recipe)
        for step in plan.actions + plan.onSuccess + plan.finally {
            add(step, recipe.connection, isRepeated: false)
        }
    }

    private mutating func add(_ step: Step, _ outer: ConnectionReference?, isRepeated: Bool) {
        let action = step.action
        let reference = action.connection ?? outer
        var isRepeated = isRepeated || action.forEach != nil
        if case .http(let request) = action.verb {
            isRepeated = isRepeated || request.pagination != nil
            if let name = name(of: reference) {
                calls[name, default: 0] += 1
                if isRepeated { open.insert(name) }
            }
        }
        for inner in step.branches.joined() { add(inner, reference, isRepeated: isRepeated) }
    }

    private mutating func name(of reference: ConnectionReference?) -> String? {
        switch reference {
        case .named(let name, _): return name
        case .inline(let connection):
            inlineLimits[connection.name] = connection.rateLimit
            return connection.name
        case nil: return nil
        }
    }
}
