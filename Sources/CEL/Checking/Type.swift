/// A type as the checker sees it (cel-spec, "Gradual Type Checking").
public indirect enum Type: Sendable, Hashable {
    /// Unknown before the expression runs; fits everywhere.
    case dyn
    /// The type of `null`.
    case null
    case bool
    case int
    case uint
    case double
    case string
    case bytes
    case timestamp
    case duration
    /// A list with elements of one type.
    case list(Type)
    /// A map with keys and values of one type each.
    case map(Type, Type)
    /// A map with string keys of which the fields are known.
    case record(RecordType)
    /// The type of a type.
    case type
    /// A value that may be absent.
    case optional(Type)
    /// A type that only functions know, with its parameters.
    case opaque(String, [Type])
    /// A type parameter of a function's signature.
    case parameter(String)

    /// An IP address.
    public static let ip = Type.opaque("net.IP", [])
    /// A range of IP addresses.
    public static let cidr = Type.opaque("net.CIDR", [])
    /// What a JSON object is: string keys, any values.
    public static let object = Type.map(.string, .dyn)
}

/// A map of which the fields are known, such as the inputs of a recipe.
public struct RecordType: Sendable, Hashable {
    /// The fields and their types.
    public var fields: [String: Type]
    /// Whether there may be others, of type `dyn`.
    public var isOpen: Bool

    /// A map with these fields; `isOpen` when there may be others.
    public init(_ fields: [String: Type], isOpen: Bool = false) {
        self.fields = fields
        self.isOpen = isOpen
    }
}

extension Type: CustomStringConvertible {
    /// As cel-spec writes it, such as `map(string, dyn)`; a record is a map there.
    public var description: String {
        switch self {
        case .dyn: "dyn"
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .record: "map(string, dyn)"
        case .type: "type"
        case .optional(let value): "optional_type(\(value))"
        case .opaque(let name, []): name
        case .opaque(let name, let parameters): "\(name)(\(parameters.map(\.description).joined(separator: ", ")))"
        case .parameter(let name): name
        }
    }
}
