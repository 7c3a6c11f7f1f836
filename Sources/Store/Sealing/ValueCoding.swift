import CEL

/// Values as bytes that keep every type, which JSON does not: a resumed run must find bytes, unsigned numbers and timestamps as they were.
///
/// A tag, then what it says: numbers in LEB128 (signed ones zigzag), texts and octets with their length before them, lists and maps with their count. IP
/// addresses and networks become text.
enum ValueCoding {
    private enum Tag: UInt8 {
        case null, no, yes, int, uint, double, string, bytes, list, map, timestamp, duration, type, none, some
        /// Texts, and then the value that they stand in.
        case secrets
    }

    static func encode(_ value: Value, secrets: [String] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        if !secrets.isEmpty {
            bytes.append(Tag.secrets.rawValue)
            append(UInt64(secrets.count), to: &bytes)
            for secret in secrets { append(counted: secret, to: &bytes) }
        }
        append(value, to: &bytes)
        return bytes
    }

    /// The value and its secrets; nil when `bytes` are not what `encode` makes.
    static func decode(_ bytes: [UInt8]) -> MarkedValue? {
        var reader = Reader(rest: bytes[...])
        guard let secrets = reader.secrets(), let value = reader.value(), reader.rest.isEmpty else { return nil }
        return MarkedValue(value, secrets: secrets)
    }

    private static func append(_ value: Value, to bytes: inout [UInt8]) {
        func tag(_ tag: Tag) { bytes.append(tag.rawValue) }
        switch value {
        case .null: tag(.null)
        case .bool(let flag): tag(flag ? .yes : .no)
        case .int(let number):
            tag(.int)
            append(zigzag: number, to: &bytes)
        case .uint(let number):
            tag(.uint)
            append(number, to: &bytes)
        case .double(let number):
            tag(.double)
            withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        case .string(let text):
            tag(.string)
            append(counted: text, to: &bytes)
        case .bytes(let octets):
            tag(.bytes)
            append(counted: octets, to: &bytes)
        case .list(let elements):
            tag(.list)
            append(UInt64(elements.count), to: &bytes)
            for element in elements { append(element, to: &bytes) }
        case .map(let map):
            tag(.map)
            append(UInt64(map.count), to: &bytes)
            for entry in map.entries {
                append(entry.key, to: &bytes)
                append(entry.value, to: &bytes)
            }
        case .timestamp(let moment):
            tag(.timestamp)
            append(zigzag: moment.seconds, to: &bytes)
            append(zigzag: Int64(moment.nanoseconds), to: &bytes)
        case .duration(let length):
            tag(.duration)
            append(zigzag: length.nanoseconds, to: &bytes)
        case .type(let type):
            tag(.type)
            append(counted: type.name, to: &bytes)
        case .optional(let optional):
            tag(optional.value == nil ? .none : .some)
            if let value = optional.value { append(value, to: &bytes) }
        case .ip, .cidr:
            tag(.string)
            append(counted: value.text, to: &bytes)
        }
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest > 127 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func append(zigzag number: Int64, to bytes: inout [UInt8]) {
        append(UInt64(bitPattern: number << 1 ^ number >> 63), to: &bytes)
    }

    private static func append(counted octets: [UInt8], to bytes: inout [UInt8]) {
        append(UInt64(octets.count), to: &bytes)
        bytes.append(contentsOf: octets)
    }

    private static func append(counted text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { octets in
            append(UInt64(octets.count), to: &bytes)
            bytes.append(contentsOf: octets)
        }
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func value() -> Value? {
            guard let tag = rest.popFirst().flatMap(Tag.init(rawValue:)) else { return nil }
            switch tag {
            case .null: return .null
            case .no: return .bool(false)
            case .yes: return .bool(true)
            case .int: return signed().map(Value.int)
            case .uint: return number().map(Value.uint)
            case .double: return double().map(Value.double)
            case .string: return text().map(Value.string)
            case .bytes: return octets().map { .bytes(Array($0)) }
            case .list: return list()
            case .map: return map()
            case .timestamp:
                guard let seconds = signed(), let nanoseconds = signed() else { return nil }
                return Timestamp(seconds: seconds, nanoseconds: nanoseconds).map(Value.timestamp)
            case .duration: return signed().map { .duration(CELDuration(nanoseconds: $0)) }
            case .type: return text().map { .type(TypeName($0)) }
            case .none: return .optional(.none)
            case .some: return value().map { .optional(OptionalValue($0)) }
            case .secrets: return nil
            }
        }

        /// What precedes the value itself.
        mutating func secrets() -> [String]? {
            guard rest.first == Tag.secrets.rawValue else { return [] }
            rest.removeFirst()
            guard let count = count() else { return nil }
            var secrets: [String] = []
            secrets.reserveCapacity(count)
            for _ in 0..<count {
                guard let secret = text() else { return nil }
                secrets.append(secret)
            }
            return secrets
        }

        private mutating func number() -> UInt64? {
            var number: UInt64 = 0
            for shift in stride(from: 0 as UInt64, to: 64, by: 7) {
                guard let byte = rest.popFirst() else { return nil }
                number |= UInt64(byte & 127) << shift
                if byte < 128 { return number }
            }
            return nil
        }

        private mutating func signed() -> Int64? {
            number().map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
        }

        private mutating func double() -> Double? {
            guard rest.count >= 8 else { return nil }
            let bits = rest.prefix(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            rest.removeFirst(8)
            return Double(bitPattern: bits)
        }

        /// A count that the rest can hold, each of its things being a byte or more.
        private mutating func count() -> Int? {
            guard let count = number(), count <= UInt64(rest.count) else { return nil }
            return Int(count)
        }

        private mutating func octets() -> ArraySlice<UInt8>? {
            guard let count = count() else { return nil }
            defer { rest.removeFirst(count) }
            return rest.prefix(count)
        }

        private mutating func text() -> String? {
            octets().map { String(decoding: $0, as: UTF8.self) }
        }

        private mutating func list() -> Value? {
            guard let count = count() else { return nil }
            var elements: [Value] = []
            elements.reserveCapacity(count)
            for _ in 0..<count {
                guard let element = value() else { return nil }
                elements.append(element)
            }
            return .list(elements)
        }

        private mutating func map() -> Value? {
            guard let count = count() else { return nil }
            var map = ValueMap()
            map.reserveCapacity(count)
            for _ in 0..<count {
                guard let key = value(), let value = value() else { return nil }
                map[key] = value
            }
            return .map(map)
        }
    }
}

extension Value {
    /// The value as JSON would give it back: what `state` and `output` become, so that a recipe finds the same whether it was read back or not.
    ///
    /// Timestamps, durations, octets and addresses are text, keys are strings, an optional is its value or null.
    var asJSONValue: Value {
        switch self {
        case .null, .bool, .int, .string: self
        case .uint(let number): Int64(exactly: number).map(Value.int) ?? .double(Double(number))
        case .double(let number): number.isFinite ? self : .null
        case .list(let elements): .list(elements.map(\.asJSONValue))
        case .map(let map): .map(ValueMap(map.entries.lazy.map { ($0.key.text, $0.value.asJSONValue) }))
        case .optional(let optional): optional.value?.asJSONValue ?? .null
        case .bytes, .timestamp, .duration, .type, .ip, .cidr: .string(text)
        }
    }
}
