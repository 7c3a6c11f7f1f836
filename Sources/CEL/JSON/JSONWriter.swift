/// Writes values as JSON (RFC 8259) in UTF-8.
struct JSONWriter {
    /// Why writing stopped: the text is longer than the writer may make it.
    struct TooLong: Error {}

    private(set) var bytes: [UInt8] = []
    /// The number of values written.
    private(set) var count = 0
    private let pretty: Bool
    private let limit: Int
    private let countLimit: Int

    /// A writer that stops soon after `limit` bytes, or `countLimit` values.
    init(pretty: Bool, limit: Int = .max, countLimit: Int = .max) {
        self.pretty = pretty
        self.limit = limit
        self.countLimit = countLimit
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func write(_ value: Value, depth: Int = 0) throws(TooLong) {
        count += 1
        guard bytes.count <= limit, count <= countLimit else { throw TooLong() }
        switch value {
        case .null: append("null")
        case .bool(let flag): append(flag ? "true" : "false")
        case .int(let number): append(number.description)
        case .uint(let number): append(number.description)
        case .double(let number): append(number.isFinite ? number.description : "null")
        case .string(let text): quote(text)
        case .list(let elements): try list(elements, depth: depth)
        case .map(let map): try object(map, depth: depth)
        case .optional(let optional): try write(optional.value ?? .null, depth: depth)
        case .bytes, .timestamp, .duration, .type, .ip, .cidr: quote(value.text)
        }
    }

    private mutating func list(_ elements: [Value], depth: Int) throws(TooLong) {
        bytes.append(UInt8(ascii: "["))
        for (place, element) in elements.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            lineBreak(depth + 1)
            try write(element, depth: depth + 1)
        }
        if !elements.isEmpty { lineBreak(depth) }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func object(_ map: ValueMap, depth: Int) throws(TooLong) {
        bytes.append(UInt8(ascii: "{"))
        for (place, entry) in map.entries.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            lineBreak(depth + 1)
            if case .string(let key) = entry.key { quote(key) } else { quote(entry.key.text) }
            append(pretty ? ": " : ":")
            try write(entry.value, depth: depth + 1)
        }
        if !map.isEmpty { lineBreak(depth) }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func lineBreak(_ depth: Int) {
        guard pretty else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            for (place, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                bytes.append(contentsOf: utf8[start..<place])
                escape(byte)
                start = place + 1
            }
            bytes.append(contentsOf: utf8[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            append("u00")
            append(byte < 16 ? "0" : "1")
            append(String(byte & 15, radix: 16))
        }
    }
}

extension Value {
    /// This value as JSON: bytes in base64, timestamps in RFC 3339, durations as `90s`, 3.0 as `3.0`, infinities and
    /// NaN as null, an empty optional as null, map keys as strings.
    ///
    /// `pretty` breaks lines and indents by two spaces.
    public func json(pretty: Bool = false) -> String {
        var writer = JSONWriter(pretty: pretty)
        do {
            try writer.write(self)
        } catch {
            // A writer without a limit never stops early; what it has written is all there is.
        }
        return writer.text
    }

    /// This value as JSON, paid for by its length.
    func json(pretty: Bool = false, _ meter: inout Meter) throws(EvaluationError) -> String {
        var writer = JSONWriter(pretty: pretty, limit: meter.bytesAvailable, countLimit: meter.stepsAvailable)
        do {
            try writer.write(self)
        } catch {
            // Paying for what was written uses up one of the budgets, which throws.
            try meter.step(writer.count)
            try meter.allocate(writer.bytes.count)
        }
        try meter.step(writer.count)
        try meter.text(writer.bytes.count)
        return writer.text
    }
}
