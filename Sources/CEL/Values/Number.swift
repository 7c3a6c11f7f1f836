/// A number of any of CEL's three types, compared as points on one number line (cel-spec, "Ordering").
enum Number {
    case int(Int64)
    case uint(UInt64)
    case double(Double)

    init?(_ value: Value) {
        switch value {
        case .int(let number): self = .int(number)
        case .uint(let number): self = .uint(number)
        case .double(let number): self = .double(number)
        default: return nil
        }
    }

    static func == (lhs: Number, rhs: Number) -> Bool { lhs.compare(to: rhs) == 0 }

    /// -1, 0 or 1; nil when one of them is NaN.
    func compare(to other: Number) -> Int? {
        switch (self, other) {
        case (.int(let a), .int(let b)): return Self.order(a, b)
        case (.uint(let a), .uint(let b)): return Self.order(a, b)
        case (.double(let a), .double(let b)): return a.isNaN || b.isNaN ? nil : Self.order(a, b)
        case (.int(let a), .uint(let b)): return a < 0 ? -1 : Self.order(UInt64(a), b)
        case (.uint, .int): return other.compare(to: self).map { -$0 }
        case (.int(let a), .double(let b)): return Self.order(a, b)
        case (.uint(let a), .double(let b)): return Self.order(a, b)
        case (.double, _): return other.compare(to: self).map { -$0 }
        }
    }

    private static func order<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a == b ? 0 : 1 }

    /// A double inside the range of the integers is compared with the integer as a double, so that numbers which differ
    /// only beyond a double's precision are equal, as in cel-spec's tests.
    private static func order<T: FixedWidthInteger>(_ a: T, _ b: Double) -> Int? {
        guard !b.isNaN else { return nil }
        if b < Double(T.min) { return 1 }
        if b > Double(T.max) { return -1 }
        return order(Double(a), b)
    }
}
