/// Lists as sets, with CEL's equality (cel-go, sets library).
enum SetLibrary {
    private static let list = Type.list(.parameter("T"))

    static let functions: [Function] = [
        Function(
            "sets.contains",
            .two(list, list, .bool) { (a, b, meter) throws(EvaluationError) in
                .bool(try containsAll(a.asList, b.asList, &meter))
            }
        ),
        Function(
            "sets.equivalent",
            .two(list, list, .bool) { (a, b, meter) throws(EvaluationError) in
                guard try containsAll(a.asList, b.asList, &meter) else { return .bool(false) }
                return .bool(try containsAll(b.asList, a.asList, &meter))
            }
        ),
        Function(
            "sets.intersects",
            .two(list, list, .bool) { (a, b, meter) throws(EvaluationError) in
                for element in b.asList where try contains(a.asList, element, &meter) { return .bool(true) }
                return .bool(false)
            }
        ),
    ]

    private static func containsAll(
        _ list: [Value],
        _ elements: [Value],
        _ meter: inout Meter
    ) throws(EvaluationError) -> Bool {
        for element in elements where try !contains(list, element, &meter) { return false }
        return true
    }

    static func contains(
        _ list: [Value],
        _ element: Value,
        _ meter: inout Meter
    ) throws(EvaluationError) -> Bool {
        try meter.step(1 + list.count >> 2)
        for candidate in list where try candidate.isEqual(to: element, &meter) { return true }
        return false
    }
}
