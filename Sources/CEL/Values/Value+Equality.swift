extension Value {
    /// CEL's `==` (cel-spec, "Equality"): numbers are compared by value across types, other values of different types
    /// are unequal.
    ///
    /// Deep and shared structures are paid for element by element.
    func isEqual(to other: Value, _ meter: inout Meter) throws(EvaluationError) -> Bool {
        switch (self, other) {
        case (.int(let a), .int(let b)): return a == b
        case (.string(let a), .string(let b)):
            if a.utf8.count > 64 { try meter.scan(a.utf8.count) }
            return CodePoints.equal(a, b)
        case (.bool(let a), .bool(let b)): return a == b
        case (.null, .null): return true
        case (.int, _), (.uint, _), (.double, _):
            return Number(self).flatMap { a in Number(other).map { b in a == b } } ?? false
        case (.list(let a), .list(let b)):
            guard a.count == b.count else { return false }
            try meter.step(a.count)
            for place in a.indices where try !a[place].isEqual(to: b[place], &meter) { return false }
            return true
        case (.map(let a), .map(let b)):
            guard a.count == b.count else { return false }
            try meter.step(a.count)
            for entry in a.entries {
                guard let key = MapKey(entry.key), let place = b.position(of: key) else { return false }
                if try !entry.value.isEqual(to: b.entries[place].value, &meter) { return false }
            }
            return true
        case (.bytes(let a), .bytes(let b)):
            try meter.scan(a.count)
            return a == b
        case (.optional(let a), .optional(let b)):
            guard let left = a.value, let right = b.value else { return a.value == nil && b.value == nil }
            try meter.step()
            return try left.isEqual(to: right, &meter)
        default: return self == other
        }
    }

    /// CEL's `==` without a budget, for values from outside of an expression.
    public func isEqual(to other: Value) -> Bool {
        var meter = Meter(Limits(steps: .max, resultBytes: .max))
        return (try? isEqual(to: other, &meter)) ?? false
    }

    /// CEL's `<`, as -1, 0 or 1 (cel-spec, "Ordering"); nil when the two have no order, throws when they can have none.
    func compare(to other: Value, _ meter: inout Meter) throws(EvaluationError) -> Int? {
        switch (self, other) {
        case (.int(let a), .int(let b)): return a < b ? -1 : a == b ? 0 : 1
        case (.string(let a), .string(let b)):
            try meter.scan(min(a.utf8.count, b.utf8.count))
            return CodePoints.equal(a, b) ? 0 : CodePoints.less(a, b) ? -1 : 1
        case (.bytes(let a), .bytes(let b)):
            try meter.scan(min(a.count, b.count))
            return a == b ? 0 : a.lexicographicallyPrecedes(b) ? -1 : 1
        case (.bool(let a), .bool(let b)): return a == b ? 0 : b ? -1 : 1
        case (.timestamp(let a), .timestamp(let b)): return a < b ? -1 : a == b ? 0 : 1
        case (.duration(let a), .duration(let b)): return a < b ? -1 : a == b ? 0 : 1
        default:
            guard let a = Number(self), let b = Number(other) else { throw .noMatchingOverload("<", self, other) }
            return a.compare(to: b)
        }
    }
}
