/// What the operations over lists and maps share: where the elements come from and where the variables live.
struct Iteration: Sendable {
    let range: any Operation
    let macro: Expression.Name
    let slot: Int
    /// The slot of the second variable, in the form with two.
    let secondSlot: Int?

    /// Calls `body` for each element with the variables set, until it answers false.
    @inline(__always)
    func forEach(
        _ frame: inout Frame,
        _ body: (inout Frame, _ element: Value) throws(EvaluationError) -> Bool
    ) throws(EvaluationError) {
        let value = try range.evaluate(&frame)
        switch value {
        case .list(let list):
            for place in list.indices {
                try frame.meter.step()
                let element = list[place]
                if let secondSlot {
                    frame.slots[slot] = .int(Int64(place))
                    frame.slots[secondSlot] = element
                } else {
                    frame.slots[slot] = element
                }
                guard try body(&frame, element) else { return }
            }
        case .map(let map):
            for entry in map.entries {
                try frame.meter.step()
                frame.slots[slot] = entry.key
                if let secondSlot { frame.slots[secondSlot] = entry.value }
                guard try body(&frame, entry.key) else { return }
            }
        default:
            throw EvaluationError(
                .noMatchingOverload,
                "\(macro.text)() goes through a list or a map, not a value of type \(value.typeName.name)",
                range: macro.range
            )
        }
    }

    /// The truth of a condition.
    @inline(__always)
    func holds(_ condition: any Operation, _ frame: inout Frame) throws(EvaluationError) -> Bool {
        let value = try condition.evaluate(&frame)
        guard case .bool(let flag) = value else {
            throw EvaluationError(
                .noMatchingOverload,
                "the condition of \(macro.text)() is of type \(value.typeName.name), not bool",
                range: macro.range
            )
        }
        return flag
    }
}

/// `all` and `exists`: the rows of `&&` and `||` over the elements, errors absorbed in the same way.
final class Quantifier: Operation {
    private let iteration: Iteration
    private let condition: any Operation
    /// The truth that decides: true for `exists`, false for `all`.
    private let deciding: Bool

    init(_ iteration: Iteration, _ condition: any Operation, deciding: Bool) {
        self.iteration = iteration
        self.condition = condition
        self.deciding = deciding
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        var failure: EvaluationError?
        var result = !deciding
        try iteration.forEach(&frame) { (frame: inout Frame, _: Value) throws(EvaluationError) in
            do throws(EvaluationError) {
                guard try iteration.holds(condition, &frame) == deciding else { return true }
                result = deciding
                return false
            } catch {
                if error.kind == .budget { throw error }
                if failure == nil { failure = error }
                return true
            }
        }
        if result != deciding, let failure { throw failure }
        return .bool(result)
    }
}

/// `exists_one`: goes through all elements, and fails with the first error.
final class ExistsOne: Operation {
    private let iteration: Iteration
    private let condition: any Operation

    init(_ iteration: Iteration, _ condition: any Operation) {
        self.iteration = iteration
        self.condition = condition
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        var count = 0
        try iteration.forEach(&frame) { (frame: inout Frame, _: Value) throws(EvaluationError) in
            if try iteration.holds(condition, &frame) { count += 1 }
            return true
        }
        return .bool(count == 1)
    }
}

/// `filter`, `map` and `transformList`.
final class ListComprehension: Operation {
    private let iteration: Iteration
    private let condition: (any Operation)?
    private let transform: (any Operation)?

    init(_ iteration: Iteration, condition: (any Operation)?, transform: (any Operation)?) {
        self.iteration = iteration
        self.condition = condition
        self.transform = transform
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        var list: [Value] = []
        try iteration.forEach(&frame) { (frame: inout Frame, element: Value) throws(EvaluationError) in
            if let condition, try !iteration.holds(condition, &frame) { return true }
            try frame.meter.allocate(MemoryLayout<Value>.stride)
            if let transform { list.append(try transform.evaluate(&frame)) } else { list.append(element) }
            return true
        }
        return .list(list)
    }
}

/// `transformMap` and `transformMapEntry`.
final class MapComprehension: Operation {
    private let iteration: Iteration
    private let condition: (any Operation)?
    private let transform: any Operation
    private let makesEntries: Bool

    init(_ iteration: Iteration, condition: (any Operation)?, transform: any Operation, makesEntries: Bool) {
        self.iteration = iteration
        self.condition = condition
        self.transform = transform
        self.makesEntries = makesEntries
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        var map = ValueMap()
        try iteration.forEach(&frame) { (frame: inout Frame, _: Value) throws(EvaluationError) in
            if let condition, try !iteration.holds(condition, &frame) { return true }
            // The key of the element: its place in a list.
            let key = frame.slots[iteration.slot] ?? .null
            let value = try transform.evaluate(&frame)
            guard makesEntries else {
                try add(key, value, to: &map, &frame)
                return true
            }
            guard case .map(let entries) = value else {
                throw EvaluationError.noMatchingOverload(iteration.macro.text, value).located(at: iteration.macro.range)
            }
            for entry in entries.entries { try add(entry.key, entry.value, to: &map, &frame) }
            return true
        }
        return .map(map)
    }

    private func add(
        _ key: Value,
        _ value: Value,
        to map: inout ValueMap,
        _ frame: inout Frame
    ) throws(EvaluationError) {
        try frame.meter.elements(1, size: MemoryLayout<ValueMap.Entry>.stride)
        guard map.insertNew(key, value) else {
            throw EvaluationError(
                .invalidArgument,
                "\(iteration.macro.text)() made the key \(key.quotedText) twice",
                range: iteration.macro.range
            )
        }
    }
}

/// `list.sortBy(x, key)`.
final class SortBy: Operation {
    private let iteration: Iteration
    private let key: any Operation

    init(_ iteration: Iteration, key: any Operation) {
        self.iteration = iteration
        self.key = key
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        var pairs: [(key: Value, element: Value)] = []
        try iteration.forEach(&frame) { (frame: inout Frame, element: Value) throws(EvaluationError) in
            try frame.meter.allocate(2 * MemoryLayout<Value>.stride)
            pairs.append((try key.evaluate(&frame), element))
            return true
        }
        do throws(EvaluationError) {
            return .list(try Sorting.sorted(pairs, &frame.meter))
        } catch {
            throw error.located(at: iteration.macro.range)
        }
    }
}
