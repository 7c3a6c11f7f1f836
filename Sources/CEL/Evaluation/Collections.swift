/// `[a, ?b]`.
final class ListLiteral: Operation {
    struct Element: Sendable {
        let value: any Operation
        let isOptional: Bool
        let range: Range<Int>
    }

    private let elements: [Element]

    init(_ elements: [Element]) {
        self.elements = elements
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.elements(elements.count)
        var list: [Value] = []
        list.reserveCapacity(elements.count)
        for element in elements {
            let value = try element.value.evaluate(&frame)
            if !element.isOptional {
                list.append(value)
            } else if let value = try value.unwrapped(element.range) {
                list.append(value)
            }
        }
        return .list(list)
    }
}

/// `{k: v, ?l: w}`.
final class MapLiteral: Operation {
    struct Entry: Sendable {
        let key: any Operation
        let value: any Operation
        let isOptional: Bool
        let keyRange: Range<Int>
        let valueRange: Range<Int>
    }

    private let entries: [Entry]

    init(_ entries: [Entry]) {
        self.entries = entries
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.elements(entries.count, size: MemoryLayout<ValueMap.Entry>.stride)
        var map = ValueMap()
        map.reserveCapacity(entries.count)
        for entry in entries {
            let key = try entry.key.evaluate(&frame)
            var value = try entry.value.evaluate(&frame)
            if entry.isOptional {
                guard let present = try value.unwrapped(entry.valueRange) else { continue }
                value = present
            }
            guard key.isKey else {
                throw EvaluationError(
                    .noMatchingOverload,
                    "a value of type \(key.typeName.name) is no key of a map",
                    range: entry.keyRange
                )
            }
            guard map.insertNew(key, value) else {
                throw EvaluationError(
                    .invalidArgument,
                    "the key \(key.quotedText) stands twice in the map",
                    range: entry.keyRange
                )
            }
        }
        return .map(map)
    }
}

extension Value {
    /// Whether this may be a key of a map.
    var isKey: Bool {
        switch self {
        case .bool, .int, .uint, .string: true
        default: false
        }
    }

    /// The value inside an optional; throws for what is no optional.
    fileprivate func unwrapped(_ range: Range<Int>) throws(EvaluationError) -> Value? {
        guard case .optional(let optional) = self else {
            throw EvaluationError(
                .noMatchingOverload,
                "'?' needs an optional value here, this is of type \(typeName.name)",
                range: range
            )
        }
        return optional.value
    }
}

/// `operand.optMap(name, body)` and `operand.optFlatMap(name, body)`.
final class OptionalMap: Operation {
    private let operand: any Operation
    private let slot: Int
    private let body: any Operation
    private let isFlat: Bool
    private let range: Range<Int>

    init(_ operand: any Operation, slot: Int, _ body: any Operation, isFlat: Bool, range: Range<Int>) {
        self.operand = operand
        self.slot = slot
        self.body = body
        self.isFlat = isFlat
        self.range = range
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let value = try operand.evaluate(&frame)
        guard case .optional(let optional) = value else {
            throw EvaluationError.noMatchingOverload(isFlat ? "optFlatMap" : "optMap", value).located(at: range)
        }
        guard let inner = optional.value else { return value }
        frame.slots[slot] = inner
        let result = try body.evaluate(&frame)
        guard isFlat else { return .some(result) }
        guard case .optional = result else {
            throw EvaluationError.noMatchingOverload("optFlatMap", value, result).located(at: range)
        }
        return result
    }
}
