/// The name of a type; itself a CEL value, of type `type`.
public struct TypeName: Sendable, Hashable {
    /// As CEL writes it, such as `int` or `google.protobuf.Timestamp`.
    public let name: String

    /// A type of this name.
    public init(_ name: String) {
        self.name = name
    }

    static let null = TypeName("null_type")
    static let bool = TypeName("bool")
    static let int = TypeName("int")
    static let uint = TypeName("uint")
    static let double = TypeName("double")
    static let string = TypeName("string")
    static let bytes = TypeName("bytes")
    static let list = TypeName("list")
    static let map = TypeName("map")
    static let timestamp = TypeName("google.protobuf.Timestamp")
    static let duration = TypeName("google.protobuf.Duration")
    static let type = TypeName("type")
    static let optional = TypeName("optional_type")
    static let ip = TypeName("net.IP")
    static let cidr = TypeName("net.CIDR")
    static let dyn = TypeName("dyn")

    /// The types that an expression can name.
    static let denotable: [String: TypeName] = Dictionary(
        uniqueKeysWithValues: [
            .null, .bool, .int, .uint, .double, .string, .bytes, .list, .map, .timestamp, .duration, .type, .optional,
            .ip, .cidr, .dyn,
        ].map { (type: TypeName) in (type.name, type) }
    )
}
