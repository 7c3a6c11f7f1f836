public import CEL

/// A tree of YAML values in which any text may be a template: the bodies, queries and outputs of a recipe.
public indirect enum ValueTemplate: Sendable {
    case literal(Value)
    case template(Template)
    case list([ValueTemplate])
    case map([(key: String, value: ValueTemplate)])

    /// The value of the whole tree.
    ///
    /// An empty optional drops its key or list item, a full one is its value (DESIGN section 5).
    public func evaluate(in scope: Scope) throws(ExpressionError) -> Value {
        try member(in: scope) ?? .null
    }

    private func member(in scope: Scope) throws(ExpressionError) -> Value? {
        switch self {
        case .literal(let value):
            return value
        case .template(let template):
            let value = try template.evaluate(in: scope)
            guard case .optional(let optional) = value else { return value }
            return optional.value
        case .list(let items):
            var result: [Value] = []
            result.reserveCapacity(items.count)
            for item in items {
                if let value = try item.member(in: scope) { result.append(value) }
            }
            return .list(result)
        case .map(let entries):
            var result = ValueMap()
            for entry in entries {
                if let value = try entry.value.member(in: scope) { result[entry.key] = value }
            }
            return .map(result)
        }
    }

    /// Every expression in the tree, in reading order.
    public var expressions: [Expression] {
        switch self {
        case .literal: []
        case .template(let template): template.expressions
        case .list(let items): items.flatMap(\.expressions)
        case .map(let entries): entries.flatMap(\.value.expressions)
        }
    }
}
