/// The kinds of values that a parameter takes at run time; list and map elements are not looked into.
struct KindSet: OptionSet, Sendable {
    let rawValue: UInt32

    init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    private init(bit: UInt32) {
        rawValue = 1 << bit
    }

    static let null = KindSet(bit: 0)
    static let bool = KindSet(bit: 1)
    static let int = KindSet(bit: 2)
    static let uint = KindSet(bit: 3)
    static let double = KindSet(bit: 4)
    static let string = KindSet(bit: 5)
    static let bytes = KindSet(bit: 6)
    static let list = KindSet(bit: 7)
    static let map = KindSet(bit: 8)
    static let timestamp = KindSet(bit: 9)
    static let duration = KindSet(bit: 10)
    static let type = KindSet(bit: 11)
    static let optional = KindSet(bit: 12)
    static let ip = KindSet(bit: 13)
    static let cidr = KindSet(bit: 14)
    static let any = KindSet(rawValue: .max)
    static let numeric: KindSet = [.int, .uint, .double]

    /// The values that fit a parameter of `type`.
    init(_ type: Type) {
        switch type {
        case .dyn, .parameter: self = .any
        case .null: self = .null
        case .bool: self = .bool
        case .int: self = .int
        case .uint: self = .uint
        case .double: self = .double
        case .string: self = .string
        case .bytes: self = .bytes
        case .list: self = .list
        case .map, .record: self = .map
        case .timestamp: self = .timestamp
        case .duration: self = .duration
        case .type: self = .type
        case .optional: self = .optional
        case .ip: self = .ip
        case .cidr: self = .cidr
        case .opaque: self = .any
        }
    }
}

extension Value {
    /// The kind of this value, a set of one.
    var kind: KindSet {
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
}
