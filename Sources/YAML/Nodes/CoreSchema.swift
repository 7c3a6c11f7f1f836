/// The core schema's reading of a plain scalar (YAML 1.2.2, section 10.3.2).
///
/// So `no`, `on` and `1:30` are text, `0o17` and `0x1F` are integers, and `017` is seventeen.
enum CoreSchema {
    /// What a plain scalar means; nil for an integer that 64 bits cannot hold.
    static func resolve(_ text: String) -> CoreValue? {
        guard let first = text.utf8.first else { return .null }
        switch first {
        case UInt8(ascii: "~"), UInt8(ascii: "n"), UInt8(ascii: "N"):
            return isNull(text) ? .null : .string(text)
        case UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"):
            return bool(text).map(CoreValue.bool) ?? .string(text)
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            return number(text)
        default:
            return .string(text)
        }
    }

    static func isNull(_ text: String) -> Bool {
        text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
    }

    static func bool(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    private static func number(_ text: String) -> CoreValue? {
        switch shape(of: text) {
        case .text: return .string(text)
        case .decimal: return Int64(text).map(CoreValue.int)
        case .prefixed(let radix): return Int64(text.dropFirst(2), radix: radix).map(CoreValue.int)
        case .float: return Double(text).map(CoreValue.double) ?? .string(text)
        case .infinity: return .double(text.utf8.first == UInt8(ascii: "-") ? -.infinity : .infinity)
        case .notANumber: return .double(.nan)
        }
    }

    private enum Shape { case text, decimal, prefixed(radix: Int), float, infinity, notANumber }

    private static func shape(of text: String) -> Shape {
        switch text {
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF": return .infinity
        case ".nan", ".NaN", ".NAN": return .notANumber
        default: break
        }
        var rest = text.utf8[...]
        if rest.starts(with: "0o".utf8) {
            rest = rest.dropFirst(2)
            return !rest.isEmpty && rest.allSatisfy { (0x30...0x37).contains($0) } ? .prefixed(radix: 8) : .text
        }
        if rest.starts(with: "0x".utf8) {
            rest = rest.dropFirst(2)
            return !rest.isEmpty && rest.allSatisfy(isHexadecimal) ? .prefixed(radix: 16) : .text
        }
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = takeDigits(&rest)
        if rest.isEmpty { return whole > 0 ? .decimal : .text }
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = takeDigits(&rest)
        }
        guard whole > 0 || fraction > 0 else { return .text }
        if let letter = rest.first, letter | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard takeDigits(&rest) > 0 else { return .text }
        }
        return rest.isEmpty ? .float : .text
    }

    private static func takeDigits(_ rest: inout Substring.UTF8View) -> Int {
        let digits = rest.prefix { (0x30...0x39).contains($0) }.count
        rest = rest.dropFirst(digits)
        return digits
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }
}
