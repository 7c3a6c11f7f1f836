extension Type {
    /// The type of a value, as exact as what it holds: elements of one type make a list of that type.
    ///
    /// A map with text keys is a record of the fields that it has, so that a misspelt field is found.
    public init(of value: Value) {
        switch value {
        case .null: self = .null
        case .bool: self = .bool
        case .int: self = .int
        case .uint: self = .uint
        case .double: self = .double
        case .string: self = .string
        case .bytes: self = .bytes
        case .timestamp: self = .timestamp
        case .duration: self = .duration
        case .type: self = .type
        case .ip: self = .ip
        case .cidr: self = .cidr
        case .list(let elements): self = .list(Self.common(elements.lazy.map(Type.init(of:))))
        case .map(let map): self = Self.of(map)
        case .optional(let optional): self = .optional(optional.value.map(Type.init(of:)) ?? .dyn)
        }
    }

    private static func of(_ map: ValueMap) -> Type {
        var fields: [String: Type] = [:]
        for entry in map.entries {
            guard case .string(let name) = entry.key else {
                let keys = common(map.keys.lazy.map(Type.init(of:)))
                return .map(keys, common(map.values.lazy.map(Type.init(of:))))
            }
            fields[name] = Type(of: entry.value)
        }
        return .record(RecordType(fields))
    }

    private static func common(_ types: some Sequence<Type>) -> Type {
        var common: Type?
        for type in types {
            guard let known = common else {
                common = type
                continue
            }
            if known != type { return .dyn }
        }
        return common ?? .dyn
    }
}
