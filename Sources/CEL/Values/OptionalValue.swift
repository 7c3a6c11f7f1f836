/// A value that may be absent (cel-spec proposal 246, optional types).
public final class OptionalValue: Sendable, Hashable {
    /// The value, nil for `optional.none()`.
    public let value: Value?

    /// An optional that holds `value`, or nothing.
    public init(_ value: Value?) {
        self.value = value
    }

    /// `optional.none()`.
    public static let none = OptionalValue(nil)

    /// Whether both are empty, or hold the same.
    public static func == (lhs: OptionalValue, rhs: OptionalValue) -> Bool { lhs.value == rhs.value }

    /// Feeds the value to the hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(value)
    }
}

extension Value {
    /// `optional.none()`.
    public static let none = Value.optional(.none)

    /// `optional.of(value)`.
    public static func some(_ value: Value) -> Value { .optional(OptionalValue(value)) }
}
