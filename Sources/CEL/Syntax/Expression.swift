/// A parsed expression: a tree with the place of each part.
struct Expression: Sendable {
    let node: Node
    /// UTF-8 byte offsets in the source.
    let range: Range<Int>
    /// Levels of operations below this one, itself included.
    let height: Int

    init(_ node: Node, _ range: Range<Int>) {
        self.node = node
        self.range = range
        height = 1 + node.heightBelow
    }

    /// A name and its place.
    struct Name: Sendable, Hashable {
        let text: String
        let range: Range<Int>
    }

    indirect enum Node: Sendable {
        case literal(Value)
        /// `name`, or `.name` when rooted: then no local variable and no container counts.
        case identifier(String, isRooted: Bool)
        /// `operand.field` or `operand.?field`.
        case select(Expression, Name, isOptional: Bool)
        /// `has(operand.field)`.
        case test(Expression, Name, isOptional: Bool)
        /// `operand[index]` or `operand[?index]`.
        case index(Expression, Expression, isOptional: Bool)
        case call(Name, target: Expression?, arguments: [Expression])
        case not(Expression)
        case negate(Expression)
        case binary(BinaryOperator, Expression, Expression)
        case and([Expression])
        case or([Expression])
        case conditional(Expression, Expression, Expression)
        case list([Element])
        case map([Entry])
        case comprehension(Comprehension)
        /// `cel.bind(name, value, body)`.
        case bind(Name, Expression, Expression)
        /// `cel.block([values], body)`.
        case block([Expression], Expression)
        /// `cel.index(number)`.
        case blockIndex(Int)
        /// `operand.optMap(name, body)`; flat for `optFlatMap`.
        case optionalMap(Expression, Name, Expression, isFlat: Bool)
    }

    /// An element of a list; an optional one (`?e`) is left out when empty.
    struct Element: Sendable {
        let value: Expression
        let isOptional: Bool
    }

    /// An entry of a map; an optional one (`?k: v`) is left out when empty.
    struct Entry: Sendable {
        let key: Expression
        let value: Expression
        let isOptional: Bool
    }
}

/// An operator with two operands, other than `&&` and `||`.
enum BinaryOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessEqual = "<="
    case greater = ">"
    case greaterEqual = ">="
    case contained = "in"
}

/// A macro that goes through a list or a map.
struct Comprehension: Sendable {
    enum Kind: Sendable {
        case all
        case exists
        case existsOne
        /// `filter`, or `map` and `transformList` with or without a condition.
        case list
        /// `transformMap`: the key stays.
        case mapValues
        /// `transformMapEntry`: the transform is a map.
        case mapEntries
        case sortBy
    }

    let kind: Kind
    /// As written, for messages.
    let macro: Expression.Name
    let range: Expression
    /// The element or key; the index or key in the form with two variables.
    let variable: Expression.Name
    /// The value, in the form with two variables.
    let secondVariable: Expression.Name?
    let condition: Expression?
    let transform: Expression?
}

extension Expression.Node {
    /// The height of the highest expression below; common nodes are looked at without collecting their children.
    var heightBelow: Int {
        switch self {
        case .literal, .identifier, .blockIndex: 0
        case .select(let operand, _, _), .not(let operand), .negate(let operand): operand.height
        case .binary(_, let left, let right): max(left.height, right.height)
        default: children.reduce(0) { max($0, $1.height) }
        }
    }

    /// The expressions directly below.
    var children: [Expression] {
        switch self {
        case .literal, .identifier, .blockIndex: []
        case .select(let operand, _, _), .test(let operand, _, _), .not(let operand), .negate(let operand): [operand]
        case .index(let operand, let index, _): [operand, index]
        case .call(_, let target, let arguments): (target.map { [$0] } ?? []) + arguments
        case .binary(_, let left, let right): [left, right]
        case .and(let terms), .or(let terms): terms
        case .conditional(let condition, let yes, let no): [condition, yes, no]
        case .list(let elements): elements.map(\.value)
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .comprehension(let comprehension):
            [comprehension.range] + [comprehension.condition, comprehension.transform].compactMap { $0 }
        case .bind(_, let value, let body): [value, body]
        case .block(let values, let body): values + [body]
        case .optionalMap(let operand, _, let body, _): [operand, body]
        }
    }
}
