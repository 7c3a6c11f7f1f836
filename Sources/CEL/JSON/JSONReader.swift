/// Reads JSON (RFC 8259) into values.
///
/// Integer literals that fit `Int64` are int, all other numbers double. Of equal keys the last one wins. Lone surrogates
/// in escapes, and bytes that are no UTF-8, become U+FFFD. A byte order mark at the start is passed over.
struct JSONReader {
    /// How deep arrays and objects may nest.
    static let depthLimit = 512

    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    private var depth = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) -> Value {
        var reader = JSONReader(bytes)
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { reader.place = 3 }
        let value = try reader.value()
        reader.skipSpace()
        guard reader.place == bytes.count else { throw reader.error("unexpected text after the JSON value") }
        return value
    }

    @inline(__always)
    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    @inline(__always)
    private mutating func skipSpace() {
        while place < bytes.count {
            switch bytes[place] {
            case 0x20, 0x0A, 0x0D, 0x09: place += 1
            default: return
            }
        }
    }

    private func error(_ message: String, at offset: Int? = nil) -> JSONError {
        let offset = offset ?? place
        let before = bytes[..<min(offset, bytes.count)]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = before[lineStart...].reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
        return JSONError(message: message, offset: offset, line: line, column: column)
    }

    private mutating func value() throws(JSONError) -> Value {
        skipSpace()
        switch next {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"): return try number()
        case .some(let byte) where byte.isDigit: return try number()
        case nil: throw error("unexpected end of the JSON text")
        default: throw error("expected a JSON value")
        }
    }

    private mutating func word(_ word: StaticString, _ value: Value) throws(JSONError) -> Value {
        let count = word.utf8CodeUnitCount
        let expected = UnsafeBufferPointer(start: word.utf8Start, count: count)
        guard place + count <= bytes.count, bytes[place..<place + count].elementsEqual(expected) else {
            throw error("expected a JSON value")
        }
        place += count
        return value
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= Self.depthLimit else { throw error("arrays and objects nest deeper than \(Self.depthLimit)") }
        place += 1
        skipSpace()
    }

    private mutating func array() throws(JSONError) -> Value {
        try enter()
        defer { depth -= 1 }
        var elements: [Value] = []
        if next == UInt8(ascii: "]") {
            place += 1
            return .list([])
        }
        while true {
            elements.append(try value())
            if try !separator(closing: UInt8(ascii: "]"), "expected ',' or ']'") { return .list(elements) }
        }
    }

    private mutating func object() throws(JSONError) -> Value {
        try enter()
        defer { depth -= 1 }
        var map = ValueMap()
        if next == UInt8(ascii: "}") {
            place += 1
            return .map(map)
        }
        // Small ones need not grow.
        map.reserveCapacity(4)
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("expected a key in double quotes") }
            let key = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw error("expected ':' after the key") }
            place += 1
            let member = try value()
            map[.string(key)] = member
            if try !separator(closing: UInt8(ascii: "}"), "expected ',' or '}'") { return .map(map) }
        }
    }

    /// Goes past a comma (true) or the closing bracket (false).
    private mutating func separator(closing: UInt8, _ message: String) throws(JSONError) -> Bool {
        skipSpace()
        guard let byte = next, byte == closing || byte == UInt8(ascii: ",") else {
            throw error(place < bytes.count ? message : "unexpected end of the JSON text")
        }
        place += 1
        return byte != closing
    }

    private mutating func number() throws(JSONError) -> Value {
        let start = place
        var isInteger = true
        var magnitude: UInt64 = 0
        var fits = true
        if next == UInt8(ascii: "-") { place += 1 }
        let digits = place
        while let byte = next, byte.isDigit {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(byte - 48))
            fits = fits && !overflow && !carried
            magnitude = sum
            place += 1
        }
        guard place > digits else { throw error("expected a digit") }
        if bytes[digits] == UInt8(ascii: "0"), place > digits + 1 {
            throw error("a number may not begin with 0", at: digits)
        }
        if next == UInt8(ascii: ".") {
            isInteger = false
            try digitsAfterMark()
        }
        if let byte = next, byte | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            if place + 1 < bytes.count, bytes[place + 1] == UInt8(ascii: "+") || bytes[place + 1] == UInt8(ascii: "-") {
                place += 1
            }
            try digitsAfterMark()
        }
        let negative = bytes[start] == UInt8(ascii: "-")
        if isInteger, fits {
            if !negative, let number = Int64(exactly: magnitude) { return .int(number) }
            if negative, magnitude <= Int64.min.magnitude, magnitude > 0 {
                return .int(Int64(truncatingIfNeeded: 0 &- magnitude))
            }
            // -0 is an integer literal; the sign of zero is not kept.
            if magnitude == 0 { return .int(0) }
        }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<place]), as: UTF8.self)
        guard let number = Double(text), number.isFinite else {
            throw error("the number \(text.prefix(40)) is too large", at: start)
        }
        return .double(number)
    }

    private mutating func digitsAfterMark() throws(JSONError) {
        place += 1
        let start = place
        while let byte = next, byte.isDigit { place += 1 }
        guard place > start else { throw error("expected a digit") }
    }

    private mutating func string() throws(JSONError) -> String {
        place += 1
        let start = place
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<place]), as: UTF8.self)
                place += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw error("a control character must be written as an escape") }
            place += 1
        }
        throw error("the string that begins here has no end", at: start - 1)
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(bytes[start..<place])
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &text)
            case ..<0x20:
                throw error("a control character must be written as an escape")
            default:
                text.append(byte)
                place += 1
            }
        }
        throw error("the string that begins here has no end", at: start - 1)
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard place + 1 < bytes.count else { throw error("unexpected end of the JSON text") }
        let letter = bytes[place + 1]
        guard letter != UInt8(ascii: "u") else {
            var scalar = try unit(at: place)
            place += 6
            if (0xD800..<0xDC00).contains(scalar), place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
                bytes[place + 1] == UInt8(ascii: "u")
            {
                let low = try unit(at: place)
                if (0xDC00..<0xE000).contains(low) {
                    scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
                    place += 6
                }
            }
            text.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
            return
        }
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        default: throw error("unknown escape")
        }
        place += 2
    }

    /// The four hexadecimal digits of the escape at `offset`.
    private func unit(at offset: Int) throws(JSONError) -> UInt32 {
        guard offset + 6 <= bytes.count else { throw error("expected four hexadecimal digits", at: offset) }
        var number: UInt32 = 0
        for byte in bytes[offset + 2..<offset + 6] {
            guard let digit = byte.hexValue else { throw error("expected four hexadecimal digits", at: offset) }
            number = number << 4 | digit
        }
        return number
    }
}

extension Value {
    /// Reads JSON (RFC 8259): integer literals that fit 64 bits signed become int, other numbers double.
    ///
    /// Throws `JSONError` with the place of the first mistake; nesting deeper than 512 is one.
    public init(json bytes: [UInt8]) throws(JSONError) {
        let outcome = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(JSONError) in try JSONReader.read(buffer) }
        }
        self = try outcome.get()
    }

    /// Reads JSON (RFC 8259) from any sequence of bytes; see `init(json:)` for arrays.
    @_disfavoredOverload
    public init(json bytes: some Sequence<UInt8>) throws(JSONError) {
        let outcome = bytes.withContiguousStorageIfAvailable { buffer in
            Result { () throws(JSONError) in try JSONReader.read(buffer) }
        }
        if let outcome {
            self = try outcome.get()
        } else {
            try self.init(json: Array(bytes))
        }
    }

    /// Reads JSON (RFC 8259) from text.
    public init(json text: String) throws(JSONError) {
        try self.init(json: text.utf8)
    }
}
