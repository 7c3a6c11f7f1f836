/// `operand.field`, `operand.?field` and `has(operand.field)`.
final class Selection: Operation {
    enum Mode {
        case field
        case optional
        case test
    }

    let operand: any Operation
    let key: MapKey
    let name: Expression.Name
    let mode: Mode

    init(_ operand: any Operation, _ name: Expression.Name, _ mode: Mode) {
        self.operand = operand
        self.name = name
        self.mode = mode
        key = MapKey(prepared: name.text)
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let value = try operand.evaluate(&frame)
        switch mode {
        case .field: return try Self.select(value, key, name)
        case .optional: return .optional(OptionalValue(try Self.findIfThere(value, key, name)))
        case .test: return .bool(try Self.find(value, key, name) != nil)
        }
    }

    /// The member of a map; of an optional map an optional member, so that a chain goes on past an absent part.
    @inline(__always)
    static func select(_ value: Value, _ key: MapKey, _ name: Expression.Name) throws(EvaluationError) -> Value {
        if case .map(let map) = value {
            guard let place = map.position(of: key) else { throw noSuchField(name) }
            return map.entries[place].value
        }
        return try selectSlowly(value, key, name)
    }

    private static func selectSlowly(
        _ value: Value,
        _ key: MapKey,
        _ name: Expression.Name
    ) throws(EvaluationError) -> Value {
        guard case .optional = value else { throw noSelection(value, name) }
        return .optional(OptionalValue(try find(value, key, name)))
    }

    /// What `.?name` asks for: null is what APIs write for a part that is absent, and it has no members.
    private static func findIfThere(
        _ value: Value,
        _ key: MapKey,
        _ name: Expression.Name
    ) throws(EvaluationError) -> Value? {
        value.isNullPart ? nil : try find(value, key, name)
    }

    private static func find(
        _ value: Value,
        _ key: MapKey,
        _ name: Expression.Name
    ) throws(EvaluationError) -> Value? {
        switch value {
        case .map(let map): return map.position(of: key).map { map.entries[$0].value }
        case .optional(let optional):
            guard let inner = optional.value else { return nil }
            return try find(inner, key, name)
        default: throw noSelection(value, name)
        }
    }

    private static func noSuchField(_ name: Expression.Name) -> EvaluationError {
        EvaluationError(.noSuchField, "no such key: '\(name.text)'", range: name.range)
    }

    private static func noSelection(_ value: Value, _ name: Expression.Name) -> EvaluationError {
        .noField(name, of: value)
    }
}

/// `variable.a.b.c`: the common case, without an operation for each step.
final class Path: Operation {
    let root: any Operation
    let slot: Int
    let keys: [MapKey]
    let names: [Expression.Name]

    init(root: any Operation, slot: Int, keys: [MapKey], names: [Expression.Name]) {
        self.root = root
        self.slot = slot
        self.keys = keys
        self.names = names
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step(keys.count)
        guard var value = frame.slots[slot] else { return try root.evaluate(&frame) }
        for place in keys.indices {
            // A name is looked at only where something is wrong: copying it costs as much as the step itself.
            if case .map(let map) = value, let position = map.position(of: keys[place]) {
                value = map.entries[position].value
            } else {
                value = try Selection.select(value, keys[place], names[place])
            }
        }
        return value
    }
}

/// `operand[index]` and `operand[?index]`.
final class Indexing: Operation {
    private let operand: any Operation
    private let index: any Operation
    private let isOptional: Bool
    private let range: Range<Int>

    init(_ operand: any Operation, _ index: any Operation, isOptional: Bool, range: Range<Int>) {
        self.operand = operand
        self.index = index
        self.isOptional = isOptional
        self.range = range
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let value = try operand.evaluate(&frame)
        let index = try index.evaluate(&frame)
        if !isOptional {
            switch value {
            case .optional: break
            default:
                if let element = try find(value, index) { return element }
                throw absent(value, index)
            }
        }
        return .optional(OptionalValue(isOptional && value.isNullPart ? nil : try find(value, index)))
    }

    private func find(_ value: Value, _ index: Value) throws(EvaluationError) -> Value? {
        switch value {
        case .map(let map):
            guard let key = MapKey(index) else {
                if case .double = index { return nil }
                throw EvaluationError(
                    .noSuchKey,
                    "a value of type \(index.typeName.name) is no key of a map",
                    range: range
                )
            }
            return map.position(of: key).map { map.entries[$0].value }
        case .list(let list):
            let place: Int? =
                switch index {
                case .int(let number): Int(exactly: number)
                case .uint(let number): Int(exactly: number) ?? Int.max
                case .double(let number): Int(exactly: number)
                default: nil
                }
            guard let place else {
                throw EvaluationError(.noMatchingOverload, "\(index.text) is no index of a list", range: range)
            }
            return list.indices.contains(place) ? list[place] : nil
        case .optional(let optional):
            guard let inner = optional.value else { return nil }
            return try find(inner, index)
        default:
            throw EvaluationError.noMatchingOverload("_[_]", value, index).located(at: range)
        }
    }

    private func absent(_ value: Value, _ index: Value) -> EvaluationError {
        guard case .list(let list) = value else {
            return EvaluationError(.noSuchKey, "no such key: \(index.quotedText)", range: range)
        }
        return EvaluationError(
            .indexOutOfRange,
            "index \(index.text) is out of range, the list has \(list.count) elements",
            range: range
        )
    }
}

extension Value {
    /// Whether it is null, or an optional that holds null.
    fileprivate var isNullPart: Bool {
        switch self {
        case .null: true
        case .optional(let optional): optional.value?.isNullPart ?? false
        default: false
        }
    }

    /// The text for a message: strings in quotes, long ones cut.
    var quotedText: String {
        guard case .string(let text) = self else { return String(self.text.prefix(60)) }
        return text.count > 60 ? "'\(text.prefix(60))…'" : "'\(text)'"
    }
}
