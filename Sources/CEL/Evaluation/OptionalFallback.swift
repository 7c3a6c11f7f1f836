/// `optional.or(other)` and `optional.orValue(other)`: the other side is evaluated only when the optional is empty, as in cel-go.
final class OptionalFallback: Operation {
    /// Which of the two.
    enum Kind: String {
        case or
        case orValue
    }

    private let kind: Kind
    private let optional: any Operation
    private let other: any Operation
    private let range: Range<Int>

    init(_ kind: Kind, _ optional: any Operation, _ other: any Operation, range: Range<Int>) {
        self.kind = kind
        self.optional = optional
        self.other = other
        self.range = range
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let value = try optional.evaluate(&frame)
        guard case .optional(let held) = value else { throw mismatch(value) }
        if let inner = held.value { return kind == .or ? value : inner }
        let other = try other.evaluate(&frame)
        if kind == .or {
            guard case .optional = other else { throw mismatch(value, other) }
        }
        return other
    }

    private func mismatch(_ values: Value...) -> EvaluationError {
        .noMatchingOverload(kind.rawValue, values).located(at: range)
    }
}
