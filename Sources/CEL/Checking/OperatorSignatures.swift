/// The types that operators take and give (cel-spec, "List of Standard Definitions").
enum OperatorSignatures {
    typealias Signature = (parameters: [Type], result: Type)

    private static let a = Type.parameter("A")
    private static let b = Type.parameter("B")
    private static let numbers: [Type] = [.int, .uint, .double]

    static func signatures(of symbol: BinaryOperator) -> [Signature] {
        switch symbol {
        case .equal, .notEqual: [([a, a], .bool)]
        case .less, .lessEqual, .greater, .greaterEqual: order
        case .contained: [([a, .list(a)], .bool), ([a, .map(a, b)], .bool)]
        case .add: same(numbers + [.string, .bytes, .list(a), .duration]) + moments
        case .subtract:
            same(numbers + [.duration]) + [
                ([.timestamp, .timestamp], .duration), ([.timestamp, .duration], .timestamp),
            ]
        case .multiply, .divide: same(numbers)
        case .modulo: same([.int, .uint])
        }
    }

    static let negation: [Signature] = [([.int], .int), ([.double], .double)]

    static let index: [Signature] = [
        ([.list(a), .int], a), ([.map(a, b), a], b),
        ([.optional(.list(a)), .int], .optional(a)), ([.optional(.map(a, b)), a], .optional(b)),
    ]

    static let optionalIndex: [Signature] = [
        ([.list(a), .int], .optional(a)), ([.map(a, b), a], .optional(b)),
        ([.optional(.list(a)), .int], .optional(a)), ([.optional(.map(a, b)), a], .optional(b)),
    ]

    private static let moments: [Signature] = [
        ([.timestamp, .duration], .timestamp), ([.duration, .timestamp], .timestamp),
    ]

    /// Numbers are compared across their types; all else with its own.
    private static let order: [Signature] =
        numbers.flatMap { left in numbers.map { right in ([left, right], Type.bool) } }
        + [Type.bool, .string, .bytes, .timestamp, .duration].map { ([$0, $0], .bool) }

    private static func same(_ types: [Type]) -> [Signature] { types.map { ([$0, $0], $0) } }
}
