/// Turns a tree into operations: names become slots, constants are folded, patterns compiled.
struct Compiler {
    let environment: Environment
    private var variables: [Program.FreeVariable] = []
    private var variableSlots: [String: Int] = [:]
    /// Local variables, the innermost last.
    private var locals: [(name: String, read: any Operation)] = []
    /// The parts of the enclosing `cel.block`s, the innermost last.
    private var blocks: [[any Operation]] = []
    private var localCount = 0
    private var comprehensionDepth = 0
    private var mayShare = false
    private var isPure = true
    /// The steps that computing constants may still take; the rest is left to the evaluation.
    private var foldingSteps = 100_000
    private var patternBudget = PatternBudget()
    private var references: [Reference] = []
    private let localBase: Int

    /// Slots for locals begin after those for variables, of which there cannot be more than names in the tree.
    private init(_ environment: Environment, variableLimit: Int) {
        self.environment = environment
        localBase = variableLimit
    }

    static func program(
        _ source: String,
        _ expression: Expression,
        _ environment: Environment
    ) throws(SyntaxError) -> Program {
        var counter = Names()
        counter.count(expression)
        var compiler = Compiler(environment, variableLimit: counter.names)
        let root = try compiler.compile(expression)
        return Program(
            source: source,
            references: compiler.references,
            expression: expression,
            root: root,
            variables: compiler.variables,
            slotCount: compiler.localBase + compiler.localCount,
            mayShare: compiler.mayShare,
            isPure: compiler.isPure
        )
    }

    /// Counts the names in a tree.
    private struct Names {
        var names = 0

        mutating func count(_ expression: Expression) {
            if case .identifier = expression.node { names += 1 }
            for child in expression.node.children { count(child) }
        }
    }

    // MARK: Dispatch

    /// `recordsReferences` is false below a selection that was recorded as a whole.
    private mutating func compile(
        _ expression: Expression,
        recordsReferences: Bool = true
    ) throws(SyntaxError) -> any Operation {
        var records = recordsReferences
        if records, let chain = Chain(expression) {
            record(chain)
            records = false
        }
        return switch expression.node {
        case .literal(let value): Constant(value)
        case .identifier, .select: try selection(expression, records)
        case .test, .index: try access(expression, records)
        case .call: try call(expression)
        case .not, .negate, .binary: try operation(expression)
        case .and, .or, .conditional: try decision(expression)
        case .list(let elements): try list(elements)
        case .map(let entries): try map(entries)
        case .comprehension(let comprehension): try self.comprehension(comprehension)
        case .bind, .block, .blockIndex, .optionalMap: try scope(expression)
        }
    }

    // Cases are spread over several functions because each level of nesting takes the stack of all cases of its function.

    private mutating func access(_ expression: Expression, _ records: Bool) throws(SyntaxError) -> any Operation {
        if case .index(let operand, let index, let isOptional) = expression.node {
            let operand = try compile(operand, recordsReferences: records)
            let index = try compile(index)
            return fold(Indexing(operand, index, isOptional: isOptional, range: expression.range), operand, index)
        }
        guard case .test(let operand, let field, _) = expression.node else { return Constant(.null) }
        let value = try compile(operand, recordsReferences: records)
        return fold(Selection(value, field, .test), value)
    }

    private mutating func operation(_ expression: Expression) throws(SyntaxError) -> any Operation {
        let range = expression.range
        switch expression.node {
        case .not(let operand):
            let operand = try compile(operand)
            return fold(Negation(operand, range: range), operand)
        case .negate(let operand):
            let operand = try compile(operand)
            return fold(SignChange(operand, range: range), operand)
        case .binary(let symbol, let left, let right):
            let left = try compile(left)
            let right = try compile(right)
            return fold(Arithmetic(symbol, left, right, range: range), left, right)
        default: return Constant(.null)
        }
    }

    private mutating func decision(_ expression: Expression) throws(SyntaxError) -> any Operation {
        let range = expression.range
        switch expression.node {
        case .and(let terms): return try logic(terms, isDisjunction: false, range)
        case .or(let terms): return try logic(terms, isDisjunction: true, range)
        case .conditional(let condition, let yes, let no):
            let condition = try compile(condition)
            let yes = try compile(yes)
            let no = try compile(no)
            if let constant = condition as? Constant, case .bool(let flag) = constant.value { return flag ? yes : no }
            return Conditional(condition, yes, no, range: range)
        default: return Constant(.null)
        }
    }

    private mutating func scope(_ expression: Expression) throws(SyntaxError) -> any Operation {
        switch expression.node {
        case .bind(let name, let value, let body): return try bind(name, value, body)
        case .block(let values, let body): return try block(values, body)
        case .blockIndex(let number):
            guard let parts = blocks.last, number < parts.count else {
                throw SyntaxError(
                    "cel.index(\(number)) names no earlier part of a cel.block()",
                    range: expression.range
                )
            }
            return parts[number]
        case .optionalMap(let operand, let name, let body, let isFlat):
            let operand = try compile(operand)
            let slot = newSlot()
            let body = try withLocals([(name.text, Local(slot: slot))]) { compiler throws(SyntaxError) in
                try compiler.compile(body)
            }
            return OptionalMap(operand, slot: slot, body, isFlat: isFlat, range: expression.range)
        default: return Constant(.null)
        }
    }

    private mutating func logic(
        _ terms: [Expression],
        isDisjunction: Bool,
        _ range: Range<Int>
    ) throws(SyntaxError) -> any Operation {
        var operations: [any Operation] = []
        for term in terms { operations.append(try compile(term)) }
        return fold(Logic(operations, isDisjunction: isDisjunction, range: range), operations)
    }

    private mutating func list(_ elements: [Expression.Element]) throws(SyntaxError) -> any Operation {
        mayShare = true
        var operations: [ListLiteral.Element] = []
        for element in elements {
            let value = try compile(element.value)
            operations.append(.init(value: value, isOptional: element.isOptional, range: element.value.range))
        }
        return fold(ListLiteral(operations), operations.map(\.value))
    }

    private mutating func map(_ entries: [Expression.Entry]) throws(SyntaxError) -> any Operation {
        mayShare = true
        var operations: [MapLiteral.Entry] = []
        for entry in entries {
            let key = try compile(entry.key)
            let value = try compile(entry.value)
            operations.append(
                MapLiteral.Entry(
                    key: key,
                    value: value,
                    isOptional: entry.isOptional,
                    keyRange: entry.key.range,
                    valueRange: entry.value.range
                )
            )
        }
        return fold(MapLiteral(operations), operations.flatMap { [$0.key, $0.value] })
    }

    // MARK: Constants

    private mutating func fold(
        _ operation: any Operation,
        _ first: any Operation,
        _ others: any Operation...
    ) -> any Operation {
        fold(operation, [first] + others)
    }

    /// The value of an operation on constants, when it has one that is small and found in a few steps; else the operation.
    private mutating func fold(_ operation: any Operation, _ operands: [any Operation]) -> any Operation {
        guard foldingSteps > 0, operands.allSatisfy({ $0 is Constant }) else { return operation }
        let limits = Limits(steps: min(10_000, foldingSteps), resultBytes: 1 << 16)
        let (value, steps) = withUnsafeTemporaryAllocation(of: Value?.self, capacity: 0) { slots in
            var frame = Frame(meter: Meter(limits), slots: slots)
            let value = try? operation.evaluate(&frame)
            return (value, frame.meter.steps)
        }
        // At least one, so that an expression of many small constants ends as well.
        foldingSteps -= max(1, steps)
        // A value that holds one part in many places is small until somebody writes it out.
        guard let value, (try? value.measure(limits.resultBytes)) != nil else { return operation }
        return Constant(value)
    }

    // MARK: Names

    private mutating func newSlot() -> Int {
        localCount += 1
        return localBase + localCount - 1
    }

    private mutating func withLocals(
        _ names: [(name: String, read: any Operation)],
        _ body: (inout Compiler) throws(SyntaxError) -> any Operation
    ) throws(SyntaxError) -> any Operation {
        locals += names
        defer { locals.removeLast(names.count) }
        return try body(&self)
    }

    private func local(_ name: String) -> (any Operation)? {
        locals.last { $0.name == name }?.read
    }

    private mutating func variable(_ name: String, _ range: Range<Int>) -> any Operation {
        if let slot = variableSlots[name] { return Variable(name, slot: slot, range: range) }
        let slot = variables.count
        variableSlots[name] = slot
        variables.append(.init(name: name, fallback: TypeName.denotable[name].map { .type($0) }))
        return Variable(name, slot: slot, range: range)
    }

    /// A name, or a name with fields: the longest part of it that is a qualified variable or type, then selections
    /// (cel-spec, "Name Resolution").
    private mutating func selection(_ expression: Expression, _ records: Bool) throws(SyntaxError) -> any Operation {
        guard let qualified = QualifiedName(expression) else {
            guard case .select(let operand, let field, let isOptional) = expression.node else {
                return Constant(.null)
            }
            let value = try compile(operand, recordsReferences: records)
            return fold(Selection(value, field, isOptional ? .optional : .field), value)
        }
        let names = qualified.names
        var operation: any Operation
        var used = 1
        if !qualified.isRooted, let local = local(names[0].text) {
            operation = local
        } else {
            let (name, count) = environment.resolve(names.map(\.text), isRooted: qualified.isRooted)
            used = count
            operation = variable(name, names[0].range.lowerBound..<names[count - 1].range.upperBound)
        }
        let fields = names[used...]
        guard !fields.isEmpty else { return operation }
        let slot: Int? = (operation as? Variable)?.slot ?? (operation as? Local)?.slot
        if let slot {
            let keys = fields.map { MapKey(prepared: $0.text) }
            return Path(root: operation, slot: slot, keys: keys, names: Array(fields))
        }
        for field in fields { operation = Selection(operation, field, .field) }
        return operation
    }

    private mutating func record(_ chain: Chain) {
        guard chain.isRooted || local(chain.names[0].text) == nil else { return }
        let first = chain.names[0].text
        // A type is no variable; calls of qualified functions never come here as a whole.
        guard TypeName.denotable[first] == nil, !first.hasPrefix("@") else { return }
        references.append(
            Reference(
                path: chain.names.map(\.text),
                ranges: chain.names.map(\.range),
                optionalFrom: chain.optionalFrom,
                isTest: chain.isTest
            )
        )
    }

    // MARK: Calls

    private mutating func call(_ expression: Expression) throws(SyntaxError) -> any Operation {
        guard case .call(let name, let target, let arguments) = expression.node else { return Constant(.null) }
        var function: Function?
        var called = name
        var style = Overload.Style.global
        var operands = arguments
        if let target {
            if let qualified = QualifiedName(target), qualified.isRooted || local(qualified.names[0].text) == nil {
                let names = qualified.names.map(\.text) + [name.text]
                function = environment.function(names, isRooted: qualified.isRooted)
                if function != nil {
                    called = Expression.Name(
                        text: names.joined(separator: "."),
                        range: target.range.lowerBound..<name.range.upperBound
                    )
                }
            }
            if function == nil {
                style = .member
                operands.insert(target, at: 0)
                function = environment.functions[name.text]
            }
        } else {
            let isRooted = name.text.hasPrefix(".")
            called = Expression.Name(text: isRooted ? String(name.text.dropFirst()) : name.text, range: name.range)
            function = environment.function([called.text], isRooted: isRooted)
        }
        var operations: [any Operation] = []
        for operand in operands { operations.append(try compile(operand)) }
        guard let function else {
            return UnknownFunction(environment.unknownFunction(called))
        }
        let overloads = function.overloads.filter { $0.style == style && $0.takes(operands.count) }
        return call(called, operations, overloads, function)
    }

    private mutating func call(
        _ name: Expression.Name,
        _ operands: [any Operation],
        _ overloads: [Overload],
        _ function: Function
    ) -> any Operation {
        if name.text == "matches", operands.count == 2, let constant = operands[1] as? Constant,
            case .string(let text) = constant.value,
            case .success(let pattern)? = PatternCache.pattern(text, &patternBudget)
        {
            return fold(PreparedMatch(operands[0], pattern, range: name.range), operands[0])
        }
        if operands.count == 2, !overloads.isEmpty, let fallback = OptionalFallback.Kind(rawValue: name.text) {
            return fold(OptionalFallback(fallback, operands[0], operands[1], range: name.range), operands)
        }
        let call: any Operation =
            switch operands.count {
            case 1: UnaryCall(name, operands[0], overloads)
            case 2: BinaryCall(name, operands[0], operands[1], overloads)
            default: Call(name, operands, overloads)
            }
        guard function.isPure else {
            isPure = false
            return call
        }
        return fold(call, operands)
    }

    // MARK: Scopes

    private mutating func comprehension(_ comprehension: Comprehension) throws(SyntaxError) -> any Operation {
        let range = try compile(comprehension.range)
        comprehensionDepth += 1
        defer { comprehensionDepth -= 1 }
        guard comprehensionDepth <= environment.limits.comprehensionNesting else {
            throw SyntaxError(
                "\(comprehension.macro.text)() nests too deeply",
                help: "at most \(environment.limits.comprehensionNesting) of these macros may stand inside each other",
                range: comprehension.macro.range
            )
        }
        let slot = newSlot()
        var names: [(String, any Operation)] = [(comprehension.variable.text, Local(slot: slot))]
        var secondSlot: Int?
        if let second = comprehension.secondVariable {
            let slot = newSlot()
            secondSlot = slot
            names.append((second.text, Local(slot: slot)))
        }
        if comprehension.transform != nil { mayShare = true }
        let iteration = Iteration(range: range, macro: comprehension.macro, slot: slot, secondSlot: secondSlot)
        return try withLocals(names) { compiler throws(SyntaxError) in
            let condition: (any Operation)? =
                if let condition = comprehension.condition { try compiler.compile(condition) } else { nil }
            let transform: (any Operation)? =
                if let transform = comprehension.transform { try compiler.compile(transform) } else { nil }
            let always: any Operation = Constant(.bool(true))
            switch comprehension.kind {
            case .all: return Quantifier(iteration, condition ?? always, deciding: false)
            case .exists: return Quantifier(iteration, condition ?? always, deciding: true)
            case .existsOne: return ExistsOne(iteration, condition ?? always)
            case .list: return ListComprehension(iteration, condition: condition, transform: transform)
            case .sortBy: return SortBy(iteration, key: transform ?? always)
            case .mapValues, .mapEntries:
                return MapComprehension(
                    iteration,
                    condition: condition,
                    transform: transform ?? always,
                    makesEntries: comprehension.kind == .mapEntries
                )
            }
        }
    }

    private mutating func bind(
        _ name: Expression.Name,
        _ value: Expression,
        _ body: Expression
    ) throws(SyntaxError) -> any Operation {
        let value = try compile(value)
        if value is Constant {
            return try withLocals([(name.text, value)]) { compiler throws(SyntaxError) in try compiler.compile(body) }
        }
        let slot = newSlot()
        let body = try withLocals([(name.text, LazyLocal(slot: slot, value))]) { compiler throws(SyntaxError) in
            try compiler.compile(body)
        }
        return Scope(slots: slot..<slot + 1, body)
    }

    private mutating func block(_ values: [Expression], _ body: Expression) throws(SyntaxError) -> any Operation {
        // Slots of the parts follow each other only if they are taken before anything inside is compiled.
        let first = localBase + localCount
        localCount += values.count
        blocks.append([])
        defer { blocks.removeLast() }
        for (place, value) in values.enumerated() {
            let part = LazyLocal(slot: first + place, try compile(value))
            blocks[blocks.count - 1].append(part)
        }
        return Scope(slots: first..<first + values.count, try compile(body))
    }
}
