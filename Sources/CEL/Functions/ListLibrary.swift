/// Lists (cel-go, lists library).
///
/// `sortBy` is a macro.
enum ListLibrary {
    private static let element = Type.parameter("T")
    private static let list = Type.list(element)

    static let functions: [Function] = [
        sum,
        Function(
            "distinct",
            .one(list, list, .member) { (value, meter) throws(EvaluationError) in
                .list(try distinct(value.asList, &meter))
            }
        ),
        Function(
            "flatten",
            .one(.list(.dyn), .list(.dyn), .member) { (value, meter) throws(EvaluationError) in
                .list(try flattened(value.asList, 1, &meter))
            },
            .two(.list(.dyn), .int, .list(.dyn), .member) { (value, depth, meter) throws(EvaluationError) in
                guard depth.asInt >= 0 else { throw .invalid("the depth of flatten() is negative") }
                return .list(try flattened(value.asList, depth.asInt, &meter))
            }
        ),
        Function(
            "lists.range",
            .one(.int, .list(.int)) { (count, meter) throws(EvaluationError) in
                let count = Int(clamping: max(0, count.asInt))
                guard count < 1 << 40 else { throw EvaluationError(.budget, "the list would be too long") }
                try meter.elements(count)
                return .list((0..<count).map { .int(Int64($0)) })
            }
        ),
        Function(
            "reverse",
            .one(list, list, .member) { (value, meter) throws(EvaluationError) in
                try meter.elements(value.asList.count)
                return .list(value.asList.reversed())
            }
        ),
        Function(
            "slice",
            .metered([list, .int, .int], list, style: .member) { (arguments, meter) throws(EvaluationError) in
                let list = arguments[0].asList
                guard let start = Int(exactly: arguments[1].asInt), let end = Int(exactly: arguments[2].asInt),
                    start >= 0, start <= end, end <= list.count
                else {
                    throw EvaluationError(
                        .indexOutOfRange,
                        "slice(\(arguments[1].text), \(arguments[2].text)) of a list with \(list.count) elements"
                    )
                }
                try meter.elements(end - start)
                return .list(Array(list[start..<end]))
            }
        ),
        Function(
            "sort",
            .one(list, list, .member) { (value, meter) throws(EvaluationError) in
                .list(try Sorting.sorted(value.asList.map { (key: $0, element: $0) }, &meter))
            }
        ),
    ]

    private static let sum = Function(
        "sum",
        overloads: [Type.int, .uint, .double, .duration].map { type in
            .one(.list(type), type, .member) { (value, meter) throws(EvaluationError) in
                guard var sum = value.asList.first else { return .int(0) }
                for element in value.asList.dropFirst() {
                    try meter.step()
                    sum = try Arithmetic.apply(.add, sum, element, &meter)
                }
                guard sum.kind.isSubset(of: [.int, .uint, .double, .duration]) else {
                    throw .noMatchingOverload("sum", value)
                }
                return sum
            }
        }
    )

    private static func flattened(
        _ list: [Value],
        _ depth: Int64,
        _ meter: inout Meter
    ) throws(EvaluationError) -> [Value] {
        try meter.elements(list.count)
        var result: [Value] = []
        for element in list {
            if depth > 0, case .list(let inner) = element {
                result += try flattened(inner, depth - 1, &meter)
            } else {
                result.append(element)
            }
        }
        return result
    }

    private static func distinct(_ list: [Value], _ meter: inout Meter) throws(EvaluationError) -> [Value] {
        try meter.elements(list.count)
        var keys = ValueMap()
        var others: [Value] = []
        var result: [Value] = []
        for element in list {
            if element.isKey {
                guard keys.insertNew(element, .null) else { continue }
            } else {
                // No key of a map: compared with all others that are none.
                if try SetLibrary.contains(others, element, &meter) { continue }
                if case .double = element, keys[element] != nil { continue }
                others.append(element)
            }
            result.append(element)
        }
        return result
    }
}
