extension Value {
    /// How this value stands inside a text: null and an empty optional as nothing, a string as itself, maps and lists as
    /// compact JSON, 3.0 as `3.0`, bytes as base64, timestamps as RFC 3339, durations as `90s`.
    public var text: String {
        switch self {
        case .null: ""
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): number.description
        case .uint(let number): number.description
        case .double(let number): number.isFinite ? number.description : DoubleText.special(number)
        case .string(let text): text
        case .bytes(let bytes): Base64.encode(bytes)
        case .list, .map: json()
        case .timestamp(let timestamp): timestamp.rfc3339
        case .duration(let duration): duration.text
        case .type(let type): type.name
        case .optional(let optional): optional.value?.text ?? ""
        case .ip(let address): address.text
        case .cidr(let network): network.text
        }
    }
}

/// Doubles as CEL's `string(double)` writes them.
enum DoubleText {
    static func special(_ number: Double) -> String {
        number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
    }

    /// The shortest text that reads back as the same double, without `.0`: `3`, `0.5`, `6.02214e+23`.
    static func shortest(_ number: Double) -> String {
        guard number.isFinite else { return special(number) }
        let text = number.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

extension DoubleText {
    /// The shortest text that reads back as the same double, never with an exponent.
    static func decimal(_ number: Double) -> String {
        let text = shortest(number)
        guard number.isFinite, let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...])
        else { return text }
        let mantissa = text[..<mark]
        let sign = mantissa.first == "-" ? "-" : ""
        let digits = mantissa.filter(\.isNumber)
        // One digit stands before the point of the mantissa.
        let point = 1 + exponent
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }
}
