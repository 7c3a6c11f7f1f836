import Glibc

/// `text.format(list)` (cel-spec, extensions, strings).
enum FormatLibrary {
    static let functions: [Function] = [
        Function(
            "format",
            .two(.string, .list(.dyn), .string, .member) { (text, arguments, meter) throws(EvaluationError) in
                try meter.text(text.asString.utf8.count)
                var formatter = Formatter(text.asString, arguments.asList)
                try formatter.run(&meter)
                return .string(String(decoding: formatter.output, as: UTF8.self))
            }
        )
    ]

    /// The most digits after the point that `%f` and `%e` may ask for.
    private static let precisionLimit = 1000

    private struct Formatter {
        private let format: [UInt8]
        private let arguments: [Value]
        private var used = 0
        private(set) var output: [UInt8] = []

        init(_ format: String, _ arguments: [Value]) {
            self.format = Array(format.utf8)
            self.arguments = arguments
        }

        mutating func run(_ meter: inout Meter) throws(EvaluationError) {
            var place = 0
            while place < format.count {
                let byte = format[place]
                place += 1
                guard byte == UInt8(ascii: "%") else {
                    output.append(byte)
                    continue
                }
                if place < format.count, format[place] == UInt8(ascii: "%") {
                    output.append(byte)
                    place += 1
                    continue
                }
                let precision = try precision(&place)
                guard place < format.count else { throw .invalid("the format ends after '%'") }
                let clause = Unicode.Scalar(format[place])
                place += 1
                guard "sdfexXob".unicodeScalars.contains(clause) else { throw .invalid("unknown format '%\(clause)'") }
                guard used < arguments.count else {
                    throw .invalid("the format asks for more than the \(arguments.count) values given")
                }
                let text = try FormatLibrary.text(clause, precision ?? 6, arguments[used], &meter)
                used += 1
                try meter.text(text.utf8.count)
                output.append(contentsOf: text.utf8)
            }
        }

        private func precision(_ place: inout Int) throws(EvaluationError) -> Int? {
            guard place < format.count, format[place] == UInt8(ascii: ".") else { return nil }
            let start = place + 1
            var end = start
            while end < format.count, format[end].isDigit { end += 1 }
            place = end
            guard let number = Int(String(decoding: format[start..<end], as: UTF8.self)), number <= precisionLimit
            else {
                throw .invalid("the precision after '%.' is a number up to \(precisionLimit)")
            }
            return number
        }
    }

    private static func text(
        _ clause: Unicode.Scalar,
        _ precision: Int,
        _ value: Value,
        _ meter: inout Meter
    ) throws(EvaluationError) -> String {
        switch (clause, value) {
        case ("s", _): return try plain(value, &meter)
        case ("d", .int), ("d", .uint): return value.text
        case ("d", .double(let number)): return DoubleText.decimal(number)
        case ("f", .double(let number)), ("e", .double(let number)): return printed(number, clause, precision)
        case ("f", .int(let number)), ("e", .int(let number)): return printed(Double(number), clause, precision)
        case ("f", .uint(let number)), ("e", .uint(let number)): return printed(Double(number), clause, precision)
        case ("b", .bool(let flag)): return flag ? "1" : "0"
        case ("b", .int(let number)): return String(number, radix: 2)
        case ("b", .uint(let number)): return String(number, radix: 2)
        case ("o", .int(let number)): return String(number, radix: 8)
        case ("o", .uint(let number)): return String(number, radix: 8)
        case ("x", .int(let number)), ("X", .int(let number)):
            return String(number, radix: 16, uppercase: clause == "X")
        case ("x", .uint(let number)), ("X", .uint(let number)):
            return String(number, radix: 16, uppercase: clause == "X")
        case ("x", .string(let text)), ("X", .string(let text)): return hex(Array(text.utf8), clause)
        case ("x", .bytes(let bytes)), ("X", .bytes(let bytes)): return hex(bytes, clause)
        default: throw .invalid("'%\(clause)' cannot write a value of type \(value.typeName.name)")
        }
    }

    private static func hex(_ bytes: [UInt8], _ clause: Unicode.Scalar) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: clause == "X") }.joined()
    }

    /// C's `%.*f` and `%.*e`, which round exact halves to even.
    private static func printed(_ number: Double, _ clause: Unicode.Scalar, _ precision: Int) -> String {
        guard number.isFinite else { return DoubleText.special(number) }
        // The longest double has 309 digits before the point.
        var buffer = [CChar](repeating: 0, count: precision + 320)
        let format = clause == "f" ? "%.*f" : "%.*e"
        let length = withVaList([Int32(precision), number]) { vsnprintf(&buffer, buffer.count, format, $0) }
        return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Text from bytes: each stretch that is no UTF-8 becomes one U+FFFD.
    private static func repaired(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = String.UnicodeScalarView()
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var isBroken = false
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                text.append(scalar)
                isBroken = false
            case .error:
                if !isBroken { text.append("\u{FFFD}") }
                isBroken = true
            case .emptyInput: return String(text)
            }
        }
    }

    /// Seconds as a double has them, as the specification asks.
    private static func seconds(_ duration: CELDuration) -> String {
        let (whole, rest) = duration.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return DoubleText.decimal(Double(whole) + Double(rest) / 1e9) + "s"
    }

    /// `%s`.
    private static func plain(_ value: Value, _ meter: inout Meter) throws(EvaluationError) -> String {
        try meter.step()
        switch value {
        case .null: return "null"
        case .double(let number): return DoubleText.decimal(number)
        case .bytes(let bytes): return repaired(bytes)
        case .duration(let duration): return seconds(duration)
        case .list(let list):
            var parts: [String] = []
            for element in list { parts.append(try plain(element, &meter)) }
            try meter.text(parts.reduce(0) { $0 + $1.utf8.count + 2 })
            return "[" + parts.joined(separator: ", ") + "]"
        case .map(let map):
            var parts: [(key: String, value: String)] = []
            for entry in map.entries {
                parts.append((try plain(entry.key, &meter), try plain(entry.value, &meter)))
            }
            try meter.text(parts.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 4 })
            parts.sort { CodePoints.less($0.key, $1.key) }
            return "{" + parts.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        case .optional: throw .invalid("'%s' cannot write an optional value")
        default: return value.text
        }
    }
}
