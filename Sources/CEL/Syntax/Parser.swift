/// Builds the tree of an expression (cel-spec, "Syntax": grammar).
struct Parser {
    let source: String
    private let tokens: [Token]
    private var place = 0
    private var depth = 0
    private let limits: Limits

    /// Words that are kept for host languages: no variable or function may be called so, fields and methods may.
    static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]
    static let keywords: Set<String> = ["true", "false", "null", "in"]

    private init(_ source: String, _ limits: Limits) throws(SyntaxError) {
        guard source.utf8.count <= limits.sourceBytes else {
            let range = limits.sourceBytes..<source.utf8.count
            throw SyntaxError("the expression is longer than \(limits.sourceBytes) bytes", range: range)
        }
        self.source = source
        self.limits = limits
        tokens = try Lexer.tokens(of: source)
    }

    static func parse(_ source: String, limits: Limits) throws(SyntaxError) -> Expression {
        var parser = try Parser(source, limits)
        if parser.current.kind == .end {
            throw SyntaxError("the expression is empty", range: 0..<source.utf8.count)
        }
        let expression = try parser.expression()
        guard parser.current.kind == .end else { throw parser.unexpectedAfterOperand() }
        return expression
    }

    // MARK: Tokens

    private var current: Token { tokens[place] }
    private var previousEnd: Int { place > 0 ? tokens[place - 1].range.upperBound : 0 }

    private mutating func advance() {
        if place < tokens.count - 1 { place += 1 }
    }

    private mutating func take(_ symbol: Token.Symbol) -> Bool {
        guard current.kind == .symbol(symbol) else { return false }
        advance()
        return true
    }

    private mutating func expect(_ symbol: Token.Symbol, _ purpose: String) throws(SyntaxError) {
        guard take(symbol) else {
            throw SyntaxError(
                "expected '\(symbol.rawValue)' \(purpose), found \(current.description)",
                range: current.range
            )
        }
    }

    private func unexpectedAfterOperand() -> SyntaxError {
        SyntaxError(
            "expected an operator or the end, found \(current.description)",
            help: mendAfterOperand,
            range: current.range
        )
    }

    private var mendAfterOperand: String? {
        if place > 0, case .identifier("not") = tokens[place - 1].kind { return "write '!' for 'not'" }
        return switch current.kind {
        case .identifier("and"): "write '&&'"
        case .identifier("or"): "write '||'"
        case .identifier("not"): "write '!'"
        case .identifier("is"): "write '=='"
        case .identifier("if"), .identifier("then"), .identifier("else"): "write 'condition ? a : b'"
        case .int, .double: current.range.lowerBound == previousEnd ? "an element is written 'list[0]'" : nil
        case .string: "write '+' between texts, and the name of a variable without quotes"
        default: nil
        }
    }

    /// The node from `start` to the last token taken.
    func make(_ node: Expression.Node, _ start: Int) throws(SyntaxError) -> Expression {
        let expression = Expression(node, start..<max(start, previousEnd))
        guard expression.height <= limits.operatorNesting else { throw tooDeep(at: expression.range) }
        return expression
    }

    private func tooDeep(at range: Range<Int>) -> SyntaxError {
        SyntaxError(
            "the expression nests too deeply",
            help:
                "at most \(limits.nesting) brackets and \(limits.operatorNesting) operations may stand inside each other",
            range: range
        )
    }

    // MARK: Grammar

    /// Expr = ConditionalOr ["?" ConditionalOr ":" Expr]; a row of conditionals is read in a loop.
    mutating func expression() throws(SyntaxError) -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= limits.nesting else { throw tooDeep(at: current.range) }
        let first = try binary(1)
        return current.kind == .symbol(.question) ? try conditional(first) : first
    }

    private mutating func conditional(_ first: Expression) throws(SyntaxError) -> Expression {
        var conditions: [(condition: Expression, yes: Expression)] = []
        var last = first
        while take(.question) {
            let yes = try binary(1)
            try expect(.colon, "between the two results of '?'")
            conditions.append((last, yes))
            last = try binary(1)
        }
        for (condition, yes) in conditions.reversed() {
            last = try make(.conditional(condition, yes, last), condition.range.lowerBound)
        }
        return last
    }

    private enum Operation {
        case or
        case and
        case binary(BinaryOperator)
    }

    /// The operator here and how tightly it binds.
    private var currentOperator: (operation: Operation, precedence: Int)? {
        switch current.kind {
        case .symbol(.or): (.or, 1)
        case .symbol(.and): (.and, 2)
        case .symbol(.plus): (.binary(.add), 4)
        case .symbol(.minus): (.binary(.subtract), 4)
        case .symbol(.times): (.binary(.multiply), 5)
        case .symbol(.divide): (.binary(.divide), 5)
        case .symbol(.modulo): (.binary(.modulo), 5)
        case .symbol(.equal): (.binary(.equal), 3)
        case .symbol(.notEqual): (.binary(.notEqual), 3)
        case .symbol(.less): (.binary(.less), 3)
        case .symbol(.lessEqual): (.binary(.lessEqual), 3)
        case .symbol(.greater): (.binary(.greater), 3)
        case .symbol(.greaterEqual): (.binary(.greaterEqual), 3)
        case .identifier("in"): (.binary(.contained), 3)
        default: nil
        }
    }

    /// Operators of at least `minimum` precedence, all of them left-associative.
    private mutating func binary(_ minimum: Int) throws(SyntaxError) -> Expression {
        var left = try unary()
        while let (operation, precedence) = currentOperator, precedence >= minimum {
            switch operation {
            case .and: left = try row(left, .and, precedence) { .and($0) }
            case .or: left = try row(left, .or, precedence) { .or($0) }
            case .binary(let symbol):
                advance()
                let right = try binary(precedence + 1)
                left = try make(.binary(symbol, left, right), left.range.lowerBound)
            }
        }
        return left
    }

    /// `a && b && c` becomes one row, so that a long one does not nest.
    private mutating func row(
        _ first: Expression,
        _ symbol: Token.Symbol,
        _ precedence: Int,
        _ node: ([Expression]) -> Expression.Node
    ) throws(SyntaxError) -> Expression {
        var terms = [first]
        while take(symbol) { terms.append(try binary(precedence + 1)) }
        return try make(node(terms), first.range.lowerBound)
    }

    /// Unary = Member | "!" {"!"} Member | "-" {"-"} Member; an even number of signs cancels out.
    private mutating func unary() throws(SyntaxError) -> Expression {
        switch current.kind {
        case .symbol(.not): return try signs(.not) { .not($0) }
        case .symbol(.minus): return try signs(.minus) { .negate($0) }
        default: return try suffixes(try primary())
        }
    }

    private mutating func signs(
        _ sign: Token.Symbol,
        _ node: (Expression) -> Expression.Node
    ) throws(SyntaxError) -> Expression {
        let start = current.range.lowerBound
        var count = 0
        while take(sign) { count += 1 }
        if count == 1, sign == .minus, let literal = try negativeLiteral(from: start) { return try suffixes(literal) }
        let operand = try suffixes(try primary())
        return count % 2 == 0 ? operand : try make(node(operand), start)
    }

    /// A number right after one minus sign: the sign belongs to the literal, so the least int can be written.
    private mutating func negativeLiteral(from start: Int) throws(SyntaxError) -> Expression? {
        switch current.kind {
        case .int(let magnitude):
            guard magnitude <= Int64.min.magnitude else {
                throw SyntaxError("the number does not fit an int", range: start..<current.range.upperBound)
            }
            advance()
            return try make(.literal(.int(Int64(truncatingIfNeeded: 0 &- magnitude))), start)
        case .double(let number):
            advance()
            return try make(.literal(.double(-number)), start)
        default:
            return nil
        }
    }

    /// Field selections, calls and indexes after `operand`.
    private mutating func suffixes(_ operand: Expression) throws(SyntaxError) -> Expression {
        var operand = operand
        while let next = try suffix(operand) { operand = next }
        return operand
    }

    private mutating func suffix(_ operand: Expression) throws(SyntaxError) -> Expression? {
        switch current.kind {
        case .symbol(.dot): return try selection(operand)
        case .symbol(.leftBracket): return try indexing(operand)
        case .symbol(.leftBrace) where operand.node.isQualifiedName: throw messageLiteral(operand)
        default: return nil
        }
    }

    private mutating func selection(_ operand: Expression) throws(SyntaxError) -> Expression {
        let start = operand.range.lowerBound
        advance()
        let isOptional = take(.question)
        let name = try selector()
        guard !isOptional, current.kind == .symbol(.leftParen) else {
            return try make(.select(operand, name, isOptional: isOptional), start)
        }
        let arguments = try arguments()
        return try call(name, target: operand, arguments, from: start)
    }

    private mutating func indexing(_ operand: Expression) throws(SyntaxError) -> Expression {
        advance()
        let isOptional = take(.question)
        let index = try expression()
        try expect(.rightBracket, "after the index")
        return try make(.index(operand, index, isOptional: isOptional), operand.range.lowerBound)
    }

    private func messageLiteral(_ name: Expression) -> SyntaxError {
        SyntaxError(
            "protocol buffer messages are not supported",
            help: "write a map: {'field': value}",
            range: name.range.lowerBound..<current.range.upperBound
        )
    }

    private mutating func selector() throws(SyntaxError) -> Expression.Name {
        let range = current.range
        switch current.kind {
        case .identifier(let name) where !Self.keywords.contains(name):
            advance()
            return Expression.Name(text: name, range: range)
        case .escapedIdentifier(let name):
            advance()
            return Expression.Name(text: name, range: range)
        case .identifier(let name):
            throw SyntaxError("'\(name)' is a keyword", help: "write ['\(name)'] for a key of this name", range: range)
        default:
            throw SyntaxError("expected a field name after '.', found \(current.description)", range: range)
        }
    }

    // The functions on the way from one bracket to the next are small ones, to keep their part of the stack small.
    private mutating func primary() throws(SyntaxError) -> Expression {
        switch current.kind {
        case .symbol(.leftParen): return try parenthesized()
        case .symbol(.leftBracket): return try list(from: current.range.lowerBound)
        case .symbol(.leftBrace): return try map(from: current.range.lowerBound)
        case .symbol(.dot): return try rootedName()
        case .identifier: return try word()
        default: return try literal()
        }
    }

    private mutating func parenthesized() throws(SyntaxError) -> Expression {
        advance()
        let inner = try expression()
        try expect(.rightParen, "to close '('")
        return inner
    }

    private mutating func rootedName() throws(SyntaxError) -> Expression {
        let start = current.range.lowerBound
        advance()
        guard case .identifier(let name) = current.kind else {
            throw SyntaxError("expected a name after '.', found \(current.description)", range: current.range)
        }
        return try named(name, isRooted: true, from: start)
    }

    private mutating func word() throws(SyntaxError) -> Expression {
        guard case .identifier(let name) = current.kind else { return try literal() }
        switch name {
        case "true": return try literal(.bool(true))
        case "false": return try literal(.bool(false))
        case "null": return try literal(.null)
        default: return try named(name, isRooted: false, from: current.range.lowerBound)
        }
    }

    private mutating func literal() throws(SyntaxError) -> Expression {
        switch current.kind {
        case .int(let magnitude):
            guard let number = Int64(exactly: magnitude) else {
                throw SyntaxError(
                    "the number does not fit an int",
                    help: "write \(magnitude)u for a uint",
                    range: current.range
                )
            }
            return try literal(.int(number))
        case .uint(let number): return try literal(.uint(number))
        case .double(let number): return try literal(.double(number))
        case .string(let text): return try literal(.string(text))
        case .bytes(let bytes): return try literal(.bytes(bytes))
        case .escapedIdentifier:
            throw SyntaxError(
                "expected a value, found \(current.description) in backticks",
                help: "texts stand in '…' or \"…\"",
                range: current.range
            )
        default:
            throw SyntaxError(
                "expected a value, found \(current.description)",
                help: current.kind == .end ? "complete the expression, or remove what is too much at its end" : nil,
                range: current.range
            )
        }
    }

    private mutating func literal(_ value: Value) throws(SyntaxError) -> Expression {
        let start = current.range.lowerBound
        advance()
        return try make(.literal(value), start)
    }

    private mutating func named(_ name: String, isRooted: Bool, from start: Int) throws(SyntaxError) -> Expression {
        let range = current.range
        guard !Self.reserved.contains(name), !Self.keywords.contains(name) else {
            throw SyntaxError("'\(name)' is a reserved word", help: "choose another name", range: range)
        }
        advance()
        guard current.kind == .symbol(.leftParen) else { return try make(.identifier(name, isRooted: isRooted), start) }
        let arguments = try arguments()
        let function = Expression.Name(text: isRooted ? "." + name : name, range: range)
        return try call(function, target: nil, arguments, from: start)
    }

    private mutating func arguments() throws(SyntaxError) -> [Expression] {
        advance()
        var arguments: [Expression] = []
        guard !take(.rightParen) else { return arguments }
        repeat { arguments.append(try expression()) } while take(.comma)
        try expect(.rightParen, "after the arguments")
        return arguments
    }

    private mutating func list(from start: Int) throws(SyntaxError) -> Expression {
        advance()
        var elements: [Expression.Element] = []
        while current.kind != .symbol(.rightBracket) {
            let isOptional = take(.question)
            elements.append(Expression.Element(value: try expression(), isOptional: isOptional))
            guard take(.comma) else { break }
        }
        try expect(.rightBracket, "after the elements of the list")
        return try make(.list(elements), start)
    }

    private mutating func map(from start: Int) throws(SyntaxError) -> Expression {
        advance()
        var entries: [Expression.Entry] = []
        while current.kind != .symbol(.rightBrace) {
            let isOptional = take(.question)
            let key = try expression()
            try expect(.colon, "after the key")
            entries.append(Expression.Entry(key: key, value: try expression(), isOptional: isOptional))
            guard take(.comma) else { break }
        }
        try expect(.rightBrace, "after the entries of the map")
        return try make(.map(entries), start)
    }
}

extension Expression.Node {
    /// Whether this is `name`, `a.name` and so on.
    var isQualifiedName: Bool {
        switch self {
        case .identifier: true
        case .select(let operand, _, isOptional: false): operand.node.isQualifiedName
        default: false
        }
    }
}
