/// `a.b.c`, a name or fields of a name: what may be a qualified name.
struct QualifiedName {
    let names: [Expression.Name]
    /// Whether it begins with a dot.
    let isRooted: Bool

    init?(_ expression: Expression) {
        var names: [Expression.Name] = []
        var current = expression
        while case .select(let operand, let field, isOptional: false) = current.node {
            names.append(field)
            current = operand
        }
        guard case .identifier(let name, let isRooted) = current.node else { return nil }
        names.append(Expression.Name(text: name, range: current.range))
        self.names = names.reversed()
        self.isRooted = isRooted
    }
}

/// A name with the constant selections after it, of every form.
struct Chain {
    private(set) var names: [Expression.Name] = []
    private(set) var optionalFrom: Int?
    private(set) var isTest = false
    private(set) var isRooted = false

    init?(_ expression: Expression) {
        guard collect(expression) else { return nil }
    }

    private mutating func collect(_ expression: Expression) -> Bool {
        switch expression.node {
        case .identifier(let name, let isRooted):
            names = [Expression.Name(text: name, range: expression.range)]
            self.isRooted = isRooted
            return true
        case .select(let operand, let field, let isOptional):
            return collect(operand, field, isOptional: isOptional)
        case .test(let operand, let field, let isOptional):
            isTest = true
            return collect(operand, field, isOptional: isOptional)
        case .index(let operand, let index, let isOptional):
            guard case .literal(.string(let key)) = index.node else { return false }
            return collect(operand, Expression.Name(text: key, range: index.range), isOptional: isOptional)
        default:
            return false
        }
    }

    private mutating func collect(_ operand: Expression, _ name: Expression.Name, isOptional: Bool) -> Bool {
        guard collect(operand) else { return false }
        if isOptional, optionalFrom == nil { optionalFrom = names.count }
        names.append(name)
        return true
    }
}
