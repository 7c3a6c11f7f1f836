/// A compiled expression; may be evaluated any number of times, from several threads at once.
public struct Program: Sendable {
    /// The text that was compiled.
    public let source: String
    /// The free variables with what is selected from them, in the order of the text.
    public let references: [Reference]
    let expression: Expression
    let root: any Operation
    let variables: [FreeVariable]
    let slotCount: Int
    /// Whether the result may hold one value in many places, so that it has to be measured.
    let mayShare: Bool
    /// Whether the same variables always give the same value: it asks neither the clock nor chance.
    public let isPure: Bool

    /// A variable that the caller gives.
    struct FreeVariable: Sendable {
        let name: String
        /// What the name means when the caller does not know it: a type.
        let fallback: Value?
    }

    /// The value of an expression without variables, when it was found while compiling.
    public var constant: Value? { (root as? Constant)?.value }

    /// The value of the expression.
    ///
    /// `lookup` is asked once for each free variable, before anything is computed; nil means that there is none.
    /// Throws when the expression has no value, or the limits are used up.
    public func evaluate(
        _ lookup: (String) -> Value?,
        limits: Limits = .standard
    ) throws(EvaluationError) -> Value {
        try measuredEvaluate(lookup, limits: limits).value
    }

    /// The value of the expression, and the steps it took.
    public func measuredEvaluate(
        _ lookup: (String) -> Value?,
        limits: Limits = .standard
    ) throws(EvaluationError) -> (value: Value, steps: Int) {
        if let constant = root as? Constant { return (constant.value, 0) }
        let outcome = withUnsafeTemporaryAllocation(of: Value?.self, capacity: slotCount) { slots in
            slots.initialize(repeating: nil)
            defer { slots.deinitialize() }
            for (place, variable) in variables.enumerated() {
                slots[place] = lookup(variable.name) ?? variable.fallback
            }
            var frame = Frame(meter: Meter(limits), slots: slots)
            return Result { () throws(EvaluationError) in
                let value = try root.evaluate(&frame)
                if mayShare { try value.measure(limits.resultBytes) }
                return (value, frame.meter.steps)
            }
        }
        return try outcome.get()
    }

    /// The value of the expression with the variables of a dictionary.
    public func evaluate(
        _ variables: [String: Value],
        limits: Limits = .standard
    ) throws(EvaluationError) -> Value {
        try evaluate({ variables[$0] }, limits: limits)
    }
}

extension Value {
    /// Throws when this value, written out, would hold more than `limit` bytes.
    ///
    /// Parts that are shared count each time, and the walk ends as soon as the limit is passed.
    func measure(_ limit: Int) throws(EvaluationError) {
        var left = limit
        try measure(&left, limit)
    }

    private func measure(_ left: inout Int, _ limit: Int) throws(EvaluationError) {
        switch self {
        case .string(let text): left -= text.utf8.count
        case .bytes(let bytes): left -= bytes.count
        case .list(let list):
            left -= list.count * MemoryLayout<Value>.stride
            for element in list { try element.measure(&left, limit) }
        case .map(let map):
            left -= map.count * MemoryLayout<ValueMap.Entry>.stride
            for entry in map.entries { try entry.value.measure(&left, limit) }
        case .optional(let optional): try optional.value?.measure(&left, limit)
        default: break
        }
        guard left >= 0 else {
            throw EvaluationError(.budget, "the result holds more than \(limit) bytes")
        }
    }
}
