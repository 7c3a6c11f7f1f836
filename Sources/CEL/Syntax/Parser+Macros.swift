extension Parser {
    /// A call, or what it stands for when the name is a macro (cel-spec, "Macros").
    mutating func call(
        _ name: Expression.Name,
        target: Expression?,
        _ arguments: [Expression],
        from start: Int
    ) throws(SyntaxError) -> Expression {
        let node: Expression.Node? =
            if let target {
                try memberMacro(name, target, arguments)
            } else if name.text == "has", arguments.count == 1 {
                try has(arguments[0])
            } else {
                nil
            }
        return try make(node ?? .call(name, target: target, arguments: arguments), start)
    }

    private func has(_ argument: Expression) throws(SyntaxError) -> Expression.Node {
        guard case .select(let operand, let field, isOptional: false) = argument.node else {
            throw SyntaxError(
                "has() takes a field selection",
                help: "write has(value.field), or 'key' in value",
                range: argument.range
            )
        }
        return .test(operand, field, isOptional: false)
    }

    private func memberMacro(
        _ name: Expression.Name,
        _ target: Expression,
        _ arguments: [Expression]
    ) throws(SyntaxError) -> Expression.Node? {
        if case .identifier("cel", _) = target.node, let node = try celMacro(name, arguments) { return node }
        switch (name.text, arguments.count) {
        case ("all", 2), ("all", 3): return try quantifier(.all, name, target, arguments)
        case ("exists", 2), ("exists", 3): return try quantifier(.exists, name, target, arguments)
        case ("exists_one", 2), ("exists_one", 3), ("existsOne", 2), ("existsOne", 3):
            return try quantifier(.existsOne, name, target, arguments)
        case ("filter", 2):
            return .comprehension(
                try comprehension(.list, name, target, arguments, variables: 1, condition: arguments[1], transform: nil)
            )
        case ("map", 2), ("map", 3):
            return .comprehension(try transforming(.list, name, target, arguments, variables: 1))
        case ("transformList", 3), ("transformList", 4):
            return .comprehension(try transforming(.list, name, target, arguments, variables: 2))
        case ("transformMap", 3), ("transformMap", 4):
            return .comprehension(try transforming(.mapValues, name, target, arguments, variables: 2))
        case ("transformMapEntry", 3), ("transformMapEntry", 4):
            return .comprehension(try transforming(.mapEntries, name, target, arguments, variables: 2))
        case ("sortBy", 2):
            return .comprehension(try transforming(.sortBy, name, target, arguments, variables: 1))
        case ("optMap", 2), ("optFlatMap", 2):
            let variable = try variable(arguments[0], of: name)
            return .optionalMap(target, variable, arguments[1], isFlat: name.text == "optFlatMap")
        default: return nil
        }
    }

    private func celMacro(
        _ name: Expression.Name,
        _ arguments: [Expression]
    ) throws(SyntaxError) -> Expression.Node? {
        switch (name.text, arguments.count) {
        case ("bind", 3):
            return .bind(try variable(arguments[0], of: name), arguments[1], arguments[2])
        case ("block", 2):
            guard case .list(let elements) = arguments[0].node, elements.allSatisfy({ !$0.isOptional }) else {
                throw SyntaxError("cel.block() takes a list of expressions", range: arguments[0].range)
            }
            return .block(elements.map(\.value), arguments[1])
        case ("index", 1):
            guard case .literal(.int(let number)) = arguments[0].node, let index = Int(exactly: number), index >= 0
            else {
                throw SyntaxError("cel.index() takes a number from 0", range: arguments[0].range)
            }
            return .blockIndex(index)
        case ("iterVar", 2):
            guard case .literal(.int(let depth)) = arguments[0].node,
                case .literal(.int(let unique)) = arguments[1].node
            else { throw SyntaxError("cel.iterVar() takes two numbers", range: name.range) }
            // No name that can be written holds '@'.
            return .identifier("@it:\(depth):\(unique)", isRooted: false)
        default: return nil
        }
    }

    private func quantifier(
        _ kind: Comprehension.Kind,
        _ name: Expression.Name,
        _ target: Expression,
        _ arguments: [Expression]
    ) throws(SyntaxError) -> Expression.Node {
        let count = arguments.count - 1
        return .comprehension(
            try comprehension(
                kind,
                name,
                target,
                arguments,
                variables: count,
                condition: arguments[count],
                transform: nil
            )
        )
    }

    /// A macro whose last argument makes the result, with a condition before it or not.
    private func transforming(
        _ kind: Comprehension.Kind,
        _ name: Expression.Name,
        _ target: Expression,
        _ arguments: [Expression],
        variables: Int
    ) throws(SyntaxError) -> Comprehension {
        try comprehension(
            kind,
            name,
            target,
            arguments,
            variables: variables,
            condition: arguments.count == variables + 2 ? arguments[variables] : nil,
            transform: arguments[arguments.count - 1]
        )
    }

    private func comprehension(
        _ kind: Comprehension.Kind,
        _ name: Expression.Name,
        _ target: Expression,
        _ arguments: [Expression],
        variables: Int,
        condition: Expression?,
        transform: Expression?
    ) throws(SyntaxError) -> Comprehension {
        let first = try variable(arguments[0], of: name)
        let second = variables == 2 ? try variable(arguments[1], of: name) : nil
        if let second, second.text == first.text {
            throw SyntaxError("the two variables of \(name.text)() need different names", range: second.range)
        }
        return Comprehension(
            kind: kind,
            macro: name,
            range: target,
            variable: first,
            secondVariable: second,
            condition: condition,
            transform: transform
        )
    }

    private func variable(_ argument: Expression, of macro: Expression.Name) throws(SyntaxError) -> Expression.Name {
        guard case .identifier(let name, isRooted: false) = argument.node else {
            throw SyntaxError(
                "\(macro.text)() takes a variable name here",
                help: "as in list.\(macro.text)(x, …)",
                range: argument.range
            )
        }
        return Expression.Name(text: name, range: argument.range)
    }
}
