/// Optional values (cel-go, optional types library).
enum OptionalLibrary {
    private static let element = Type.parameter("T")

    static let functions: [Function] = [
        Function("optional.of", .one(element, .optional(element)) { value, _ in .some(value) }),
        Function("optional.none", Overload([], .optional(element)) { _ in Value.none }),
        Function(
            "optional.ofNonZeroValue",
            .one(element, .optional(element)) { value, _ in value.isZero ? .none : .some(value) }
        ),
        Function(
            "hasValue",
            .one(.optional(element), .bool, .member) { value, _ in .bool(value.asOptional.value != nil) }
        ),
        Function(
            "value",
            .one(.optional(element), element, .member) { (value, _) throws(EvaluationError) in
                guard let inner = value.asOptional.value else {
                    throw EvaluationError(.emptyOptional, "optional.none() has no value")
                }
                return inner
            }
        ),
        // Calls of these two are compiled to `OptionalFallback`, which spares itself the other side.
        Function(
            "or",
            .two(.optional(element), .optional(element), .optional(element), .member) { value, other, _ in
                value.asOptional.value == nil ? other : value
            }
        ),
        Function(
            "orValue",
            .two(.optional(element), element, element, .member) { value, other, _ in value.asOptional.value ?? other }
        ),
        Function(
            "first",
            .one(.list(element), .optional(element), .member) { value, _ in .optional(OptionalValue(value.asList.first))
            }
        ),
        Function(
            "last",
            .one(.list(element), .optional(element), .member) { value, _ in .optional(OptionalValue(value.asList.last))
            }
        ),
        Function(
            "optional.unwrap",
            .one(.list(.optional(element)), .list(element)) { (value, meter) throws(EvaluationError) in
                try unwrapped(value, &meter)
            }
        ),
        Function(
            "unwrapOpt",
            .one(.list(.optional(element)), .list(element), .member) { (value, meter) throws(EvaluationError) in
                try unwrapped(value, &meter)
            }
        ),
    ]

    private static func unwrapped(_ value: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        try meter.elements(value.asList.count)
        var list: [Value] = []
        for element in value.asList {
            guard case .optional(let optional) = element else { throw .noMatchingOverload("unwrap", element) }
            if let inner = optional.value { list.append(inner) }
        }
        return .list(list)
    }
}

extension Value {
    /// Whether this is the zero value of its type: null, false, 0, empty.
    var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let flag): !flag
        case .int(let number): number == 0
        case .uint(let number): number == 0
        case .double(let number): number == 0
        case .string(let text): text.isEmpty
        case .bytes(let bytes): bytes.isEmpty
        case .list(let list): list.isEmpty
        case .map(let map): map.isEmpty
        case .duration(let duration): duration.nanoseconds == 0
        case .timestamp(let timestamp): timestamp.seconds == 0 && timestamp.nanoseconds == 0
        case .optional(let optional): optional.value == nil
        case .type, .ip, .cidr: false
        }
    }
}
