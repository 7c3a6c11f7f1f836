/// Sorting by CEL's order.
enum Sorting {
    private static let comparable: KindSet = [
        .int, .uint, .double, .bool, .duration, .timestamp, .string, .bytes,
    ]

    /// The elements in the order of their keys; equal keys stay as they were.
    ///
    /// Keys must be of one comparable type.
    static func sorted(
        _ pairs: [(key: Value, element: Value)],
        _ meter: inout Meter
    ) throws(EvaluationError) -> [Value] {
        guard let kind = pairs.first?.key.kind else { return [] }
        guard comparable.contains(kind), pairs.allSatisfy({ $0.key.kind == kind }) else {
            throw .invalid("only values of one comparable type can be sorted")
        }
        try meter.elements(pairs.count)
        var failure: EvaluationError?
        var paying = meter
        // The place breaks ties: whether Swift's sort is stable is not promised.
        let order = pairs.indices.sorted { left, right in
            guard failure == nil else { return left < right }
            do throws(EvaluationError) {
                try paying.step()
                let order = try pairs[left].key.compare(to: pairs[right].key, &paying) ?? 0
                return order == 0 ? left < right : order < 0
            } catch {
                failure = error
                return left < right
            }
        }
        meter = paying
        if let failure { throw failure }
        return order.map { pairs[$0].element }
    }
}
