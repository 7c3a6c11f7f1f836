/// Finds the types of an expression, and what cannot be right in it (cel-spec, "Gradual Type Checking").
struct Checker {
    let environment: Environment
    let declarations: [String: Type]
    private var unifier = Unifier()
    private var locals: [(name: String, type: Type)] = []
    private var blocks: [[Type]] = []
    private(set) var issues: [CheckIssue] = []
    private var patternBudget = PatternBudget()

    init(_ environment: Environment, _ declarations: [String: Type]) {
        self.environment = environment
        self.declarations = declarations
    }

    /// The type of the expression; parameters that nothing decides are `dyn`.
    mutating func type(of expression: Expression) -> Type {
        // In two steps: what the check learns must be there before the parameters are replaced.
        let type = check(expression)
        return unifier.resolve(type, isFinal: true)
    }

    private mutating func report(_ kind: CheckIssue.Kind, _ message: String, _ range: Range<Int>, help: String? = nil) {
        issues.append(CheckIssue(kind: kind, message: message, help: help, range: range))
    }

    private mutating func check(_ expression: Expression) -> Type {
        switch expression.node {
        case .literal(let value): return Self.type(of: value)
        case .identifier, .select: return name(expression)
        case .test(let operand, let field, _):
            _ = select(field, from: check(operand), isTolerant: true)
            return .bool
        case .index(let operand, let index, let isOptional):
            return self.index(operand, index, isOptional, expression.range)
        case .call(let name, let target, let arguments): return call(name, target, arguments)
        case .not(let operand):
            expect(.bool, operand, "!")
            return .bool
        case .negate(let operand):
            return apply(OperatorSignatures.negation, [check(operand)], "-", expression.range)
        case .binary(let symbol, let left, let right):
            let types = [check(left), check(right)]
            return apply(OperatorSignatures.signatures(of: symbol), types, symbol.rawValue, expression.range)
        case .and(let terms), .or(let terms):
            for term in terms { expect(.bool, term, "&& and ||") }
            return .bool
        case .conditional(let condition, let yes, let no):
            expect(.bool, condition, "?:")
            let types = [check(yes), check(no)]
            // A value or nothing: templates leave a key out where its value is null, so this is no mistake.
            if types.contains(.null) { return .dyn }
            let parameter = unifier.fresh()
            guard unifier.areAssignable(types, to: [parameter, parameter]) else {
                let names = types.map { unifier.resolve($0, isFinal: true).description }.joined(separator: " and ")
                report(.noMatchingOverload, "the two results of '?:' are of types \(names)", expression.range)
                return .dyn
            }
            return unifier.resolve(parameter)
        case .list(let elements): return list(elements)
        case .map(let entries): return map(entries)
        case .comprehension(let comprehension): return self.comprehension(comprehension)
        case .bind(let name, let value, let body):
            let type = check(value)
            return scoped([(name.text, type)]) { $0.check(body) }
        case .block(let values, let body):
            blocks.append([])
            defer { blocks.removeLast() }
            for value in values {
                let type = check(value)
                blocks[blocks.count - 1].append(type)
            }
            return check(body)
        case .blockIndex(let number):
            guard let block = blocks.last, number < block.count else { return .dyn }
            return block[number]
        case .optionalMap(let operand, let name, let body, let isFlat):
            let inner = unwrapped(check(operand), operand.range)
            let result = scoped([(name.text, inner)]) { $0.check(body) }
            return isFlat ? .optional(unwrapped(result, body.range)) : .optional(result)
        }
    }

    static func type(of value: Value) -> Type {
        switch value {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        default: .dyn
        }
    }

    private mutating func scoped(_ names: [(name: String, type: Type)], _ body: (inout Checker) -> Type) -> Type {
        locals += names
        defer { locals.removeLast(names.count) }
        return body(&self)
    }

    private mutating func expect(_ type: Type, _ operand: Expression, _ symbol: String) {
        let found = check(operand)
        guard !unifier.isAssignable(found, to: type) else { return }
        let name = unifier.resolve(found, isFinal: true)
        report(
            .noMatchingOverload,
            "\(symbol) takes \(type), this is of type \(name)",
            operand.range,
            help: type == .bool ? Mend.ofCondition(name.description) : nil
        )
    }

    /// What an optional holds; `dyn` for what may be one, an issue for the rest.
    private mutating func unwrapped(_ type: Type, _ range: Range<Int>) -> Type {
        let inner = unifier.fresh()
        guard unifier.isAssignable(type, to: .optional(inner)) else {
            report(
                .noMatchingOverload,
                "an optional value is needed here, this is of type \(unifier.resolve(type))",
                range
            )
            return .dyn
        }
        return type == .dyn ? .dyn : unifier.resolve(inner)
    }

    // MARK: Names

    private mutating func name(_ expression: Expression) -> Type {
        guard let qualified = QualifiedName(expression) else {
            guard case .select(let operand, let field, let isOptional) = expression.node else { return .dyn }
            let type = check(operand)
            guard isOptional else { return select(field, from: type, isTolerant: false) }
            let selected = select(field, from: type, isTolerant: true)
            if case .optional = selected { return selected }
            return .optional(selected)
        }
        let names = qualified.names
        var type: Type
        var used = 1
        if !qualified.isRooted, let local = locals.last(where: { $0.name == names[0].text }) {
            type = local.type
        } else {
            let (name, count) = environment.resolve(names.map(\.text), isRooted: qualified.isRooted)
            used = count
            type = variable(name, names[0].range.lowerBound..<names[count - 1].range.upperBound)
        }
        for field in names[used...] { type = select(field, from: type, isTolerant: false) }
        return type
    }

    private mutating func variable(_ name: String, _ range: Range<Int>) -> Type {
        if let type = declarations[name] { return type }
        if TypeName.denotable[name] != nil { return .type }
        let nearest = Spelling.nearest(to: name, among: locals.map(\.name) + declarations.keys)
        report(.undeclared, "undeclared reference to '\(name)'", range, help: nearest.map { "did you mean '\($0)'?" })
        return .dyn
    }

    /// The type of a field; a tolerant selection may ask for one that is not there.
    private mutating func select(_ field: Expression.Name, from type: Type, isTolerant: Bool) -> Type {
        switch unifier.resolve(type) {
        case .dyn, .parameter: return .dyn
        case .map(_, let value): return value
        case .record(let record):
            if let type = record.fields[field.text] { return type }
            if record.isOpen || isTolerant { return .dyn }
            let nearest = Spelling.nearest(to: field.text, among: record.fields.keys)
            let known = record.fields.keys.sorted().prefix(12).joined(separator: ", ")
            report(
                .missingField,
                "there is no '\(field.text)' here",
                field.range,
                help: nearest.map { "did you mean '\($0)'?" } ?? (known.isEmpty ? nil : "known are: \(known)")
            )
            return .dyn
        case .optional(let inner):
            let selected = select(field, from: inner, isTolerant: true)
            if case .optional = selected { return selected }
            return .optional(selected)
        case let other:
            report(
                .noMatchingOverload,
                "a value of type \(other) has no field '\(field.text)'",
                field.range,
                help: Mend.ofField(field.text, among: environment.functions)
            )
            return .dyn
        }
    }

    // MARK: Literals

    private mutating func list(_ elements: [Expression.Element]) -> Type {
        var joined: Type?
        for element in elements {
            let found = check(element.value)
            let type = element.isOptional ? unwrapped(found, element.value.range) : found
            joined = joined.map { unifier.join($0, type) } ?? type
        }
        return .list(joined ?? unifier.fresh())
    }

    private mutating func map(_ entries: [Expression.Entry]) -> Type {
        var keys: Type?
        var values: Type?
        for entry in entries {
            let key = check(entry.key)
            switch unifier.resolve(key) {
            case .bool, .int, .uint, .string, .dyn, .parameter: break
            case let other: report(.noMatchingOverload, "a value of type \(other) is no key of a map", entry.key.range)
            }
            let found = check(entry.value)
            let value = entry.isOptional ? unwrapped(found, entry.value.range) : found
            keys = keys.map { unifier.join($0, key) } ?? key
            values = values.map { unifier.join($0, value) } ?? value
        }
        return .map(keys ?? unifier.fresh(), values ?? unifier.fresh())
    }

    // MARK: Operators and calls

    private mutating func index(
        _ operand: Expression,
        _ index: Expression,
        _ isOptional: Bool,
        _ range: Range<Int>
    ) -> Type {
        let type = check(operand)
        if case .literal(.string(let key)) = index.node, case .record = unifier.resolve(type) {
            let selected = select(Expression.Name(text: key, range: index.range), from: type, isTolerant: isOptional)
            return isOptional ? .optional(selected) : selected
        }
        let signatures = isOptional ? OperatorSignatures.optionalIndex : OperatorSignatures.index
        return apply(signatures, [type, check(index)], isOptional ? "[?]" : "[]", range)
    }

    private mutating func apply(
        _ signatures: [OperatorSignatures.Signature],
        _ types: [Type],
        _ name: String,
        _ range: Range<Int>
    ) -> Type {
        if let type = result(signatures, types) { return type }
        let names = types.map { unifier.resolve($0, isFinal: true).description }
        report(
            .noMatchingOverload,
            "no matching overload for '\(name)' applied to (\(names.joined(separator: ", ")))",
            range,
            help: Mend.ofOperator(name, names)
        )
        return .dyn
    }

    /// The type that fitting signatures give; `dyn` when several fit and disagree.
    private mutating func result(_ signatures: [OperatorSignatures.Signature], _ types: [Type]) -> Type? {
        var result: Type?
        for signature in signatures where signature.parameters.count == types.count {
            let instance = unifier.instantiate(signature.parameters + [signature.result])
            guard unifier.areAssignable(types, to: Array(instance.dropLast())) else { continue }
            let type = unifier.resolve(instance[instance.count - 1])
            if let known = result, known != type { result = .dyn } else { result = type }
        }
        return result
    }

    private mutating func call(
        _ name: Expression.Name,
        _ target: Expression?,
        _ arguments: [Expression]
    ) -> Type {
        guard let target else {
            let isRooted = name.text.hasPrefix(".")
            let plain = Expression.Name(text: isRooted ? String(name.text.dropFirst()) : name.text, range: name.range)
            return call(plain, environment.function([plain.text], isRooted: isRooted), .global, arguments)
        }
        if let qualified = QualifiedName(target),
            qualified.isRooted || !locals.contains(where: { $0.name == qualified.names[0].text })
        {
            let names = qualified.names.map(\.text) + [name.text]
            let range = target.range.lowerBound..<name.range.upperBound
            if let function = environment.function(names, isRooted: qualified.isRooted) {
                let called = Expression.Name(text: names.joined(separator: "."), range: range)
                return call(called, function, .global, arguments)
            }
            // `json.prase(x)`, `jsno.parse(x)`: the namespace is no variable, so the function is what is wrong.
            if declarations[names[0]] == nil, isNamespace(names[0]) || nearestQualified(names) != nil {
                return call(Expression.Name(text: names.joined(separator: "."), range: range), nil, .global, arguments)
            }
        }
        return call(name, environment.functions[name.text], .member, [target] + arguments)
    }

    private func isNamespace(_ name: String) -> Bool {
        environment.functions.keys.contains { $0.hasPrefix(name + ".") }
    }

    private func nearestQualified(_ names: [String]) -> String? {
        Spelling.nearest(
            to: names.joined(separator: "."),
            among: environment.functions.keys.lazy.filter { $0.contains(".") }
        )
    }

    private mutating func call(
        _ name: Expression.Name,
        _ function: Function?,
        _ style: Overload.Style,
        _ arguments: [Expression]
    ) -> Type {
        let types = arguments.map { check($0) }
        guard let function else {
            let nearest = Spelling.nearest(to: name.text, among: environment.functions.keys)
            let help =
                Mend.ofFunction(name.text, among: environment.functions) ?? nearest.map { "did you mean '\($0)'?" }
            report(.undeclaredFunction, "undeclared function '\(name.text)'", name.range, help: help)
            return .dyn
        }
        checkPattern(name.text, arguments)
        let overloads = function.overloads.filter { $0.style == style && $0.takes(types.count) }
        let signatures = overloads.map { overload in
            let last = overload.parameters.last ?? .dyn
            let more = repeatElement(last, count: max(0, types.count - overload.parameters.count))
            return (parameters: overload.parameters + more, result: overload.result)
        }
        if let type = result(signatures, types) { return type }
        let names = types.map { unifier.resolve($0, isFinal: true).description }
        let given =
            style == .member
            ? "\(names[0]).\(name.text)(\(names.dropFirst().joined(separator: ", ")))"
            : "\(name.text)(\(names.joined(separator: ", ")))"
        let sameStyle = function.overloads.filter { $0.style == style }
        let forms = Set((sameStyle.isEmpty ? function.overloads : sameStyle).map { $0.description(name.text) })
            .sorted().prefix(6)
        report(
            .noMatchingOverload,
            "no matching overload for \(given)",
            name.range,
            help: "there is \(forms.joined(separator: "; "))"
        )
        return .dyn
    }

    private mutating func checkPattern(_ name: String, _ arguments: [Expression]) {
        guard name == "matches" || name.hasPrefix("regex."), arguments.count > 1,
            case .literal(.string(let text)) = arguments[1].node,
            case .failure(let error)? = PatternCache.pattern(text, &patternBudget)
        else { return }
        report(.invalid, "this is no regular expression: \(error.message)", arguments[1].range)
    }

    // MARK: Comprehensions

    private mutating func comprehension(_ comprehension: Comprehension) -> Type {
        let range = check(comprehension.range)
        let isTwoVariable = comprehension.secondVariable != nil
        let first: Type
        let second: Type
        switch unifier.resolve(range) {
        case .list(let element): (first, second) = isTwoVariable ? (.int, element) : (element, element)
        case .map(let key, let value): (first, second) = (key, value)
        case .record: (first, second) = (.string, .dyn)
        case .dyn, .parameter: (first, second) = (.dyn, .dyn)
        case let other:
            report(
                .noMatchingOverload,
                "\(comprehension.macro.text)() goes through a list or a map, not a value of type \(other)",
                comprehension.range.range
            )
            (first, second) = (.dyn, .dyn)
        }
        var names = [(name: comprehension.variable.text, type: first)]
        if let variable = comprehension.secondVariable { names.append((variable.text, second)) }
        return scoped(names) { checker in
            if let condition = comprehension.condition {
                checker.expect(.bool, condition, "\(comprehension.macro.text)()")
            }
            let transform = comprehension.transform.map { checker.check($0) }
            switch comprehension.kind {
            case .all, .exists, .existsOne: return .bool
            case .list: return .list(transform ?? first)
            case .sortBy: return .list(first)
            case .mapValues: return .map(first, transform ?? .dyn)
            case .mapEntries:
                if case .map(let key, let value)? = transform.map({ checker.unifier.resolve($0) }) {
                    return .map(key, value)
                }
                return .map(.dyn, .dyn)
            }
        }
    }
}

extension Overload {
    /// The form as it is called: `string.matches(string)`.
    fileprivate func description(_ name: String) -> String {
        let types = parameters.map(\.description)
        let more = isVariadic ? ", …" : ""
        return switch style {
        case .global: "\(name)(\(types.joined(separator: ", "))\(more))"
        case .member: "\(types.first ?? "").\(name)(\(types.dropFirst().joined(separator: ", "))\(more))"
        }
    }
}

extension Environment {
    /// What is wrong with an expression when its variables have these types; in the order of the text.
    ///
    /// `dyn` fits everywhere: JSON that comes in is checked only for what is known of it.
    public func check(_ program: Program, declarations: [String: Type]) -> [CheckIssue] {
        checked(program, declarations: declarations).issues
    }

    /// The type of an expression, and what is wrong with it.
    public func checked(_ program: Program, declarations: [String: Type]) -> (type: Type, issues: [CheckIssue]) {
        var checker = Checker(self, declarations)
        let type = checker.type(of: program.expression)
        return (type, checker.issues.sorted { $0.range.lowerBound < $1.range.lowerBound })
    }
}
