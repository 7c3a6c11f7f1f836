/// A CEL value (cel-spec, language definition, "Values").
///
/// Strings are compared and ordered by code point, without normalization, as the specification asks; that differs from
/// Swift's own `String` comparison.
public enum Value: Sendable {
    /// The value `null`.
    case null
    /// A truth value.
    case bool(Bool)
    /// A 64-bit signed integer.
    case int(Int64)
    /// A 64-bit unsigned integer.
    case uint(UInt64)
    /// An IEEE 754 double.
    case double(Double)
    /// Unicode text.
    case string(String)
    /// Octets.
    case bytes([UInt8])
    /// A list; elements may differ in type.
    case list([Value])
    /// A map from bool, int, uint or string to any value; remembers the order of insertion.
    case map(ValueMap)
    /// A moment (`google.protobuf.Timestamp`).
    case timestamp(Timestamp)
    /// A length of time (`google.protobuf.Duration`).
    case duration(CELDuration)
    /// The name of a type, as `type(x)` gives it.
    case type(TypeName)
    /// A value that may be absent (`optional_type`).
    case optional(OptionalValue)
    /// An IP address (`net.IP`).
    case ip(IPAddress)
    /// A range of IP addresses (`net.CIDR`).
    case cidr(IPNetwork)
}

extension Value {
    /// The name of the type of this value, as `type(x)` gives it.
    public var typeName: TypeName {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list: .list
        case .map: .map
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        case .optional: .optional
        case .ip: .ip
        case .cidr: .cidr
        }
    }

    /// Whether this is `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The member of a map that has the string key `key`; nil for other values and absent keys.
    public subscript(_ key: String) -> Value? {
        guard case .map(let map) = self else { return nil }
        return map[key]
    }

    /// The member at `path`, key by key.
    public subscript(path path: [String]) -> Value? {
        var value = self
        for key in path {
            guard let next = value[key] else { return nil }
            value = next
        }
        return value
    }
}

extension Value: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A bool.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An int.
    public init(integerLiteral value: Int64) { self = .int(value) }
    /// A double.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A list.
    public init(arrayLiteral elements: Value...) { self = .list(elements) }
    /// A map with string keys; of equal keys the last one stays.
    public init(dictionaryLiteral elements: (String, Value)...) { self = .map(ValueMap(elements)) }
}
