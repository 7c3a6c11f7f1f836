/// The fields of an `application/x-www-form-urlencoded` text: a query string, or the body of a form.
struct FormFields: Sendable {
    struct Field: Sendable {
        let name: String
        let value: String
        /// The field as it was sent, so that it can be repeated without encoding it anew.
        let raw: Substring
    }

    let fields: [Field]

    static let none = FormFields(fields: [])

    private init(fields: [Field]) {
        self.fields = fields
    }

    /// Reads `name=value&name=value`; nil when a percent escape is broken or the bytes are not UTF-8.
    init?(_ text: some StringProtocol) {
        var fields: [Field] = []
        for piece in text.split(separator: "&") {
            let raw = Substring(piece)
            let equals = raw.firstIndex(of: "=") ?? raw.endIndex
            let value = equals == raw.endIndex ? raw[equals...] : raw[raw.index(after: equals)...]
            guard let name = FormEncoding.decode(raw[..<equals]), let value = FormEncoding.decode(value) else {
                return nil
            }
            fields.append(Field(name: name, value: value, raw: raw))
        }
        self.fields = fields
    }

    /// The first value given for `name`.
    subscript(name: String) -> String? {
        fields.first { $0.name == name }?.value
    }

    /// The first name that is given more than once, which RFC 6749 section 3.2 forbids at the token endpoint.
    var repeatedName: String? {
        var seen: Set<String> = []
        return fields.first { !seen.insert($0.name).inserted }?.name
    }
}

/// The encoding of names and values in forms, which RFC 6749 section 2.3.1 also asks for in Basic credentials.
enum FormEncoding {
    /// Undoes `+` and `%XX`; nil when an escape is broken or the bytes are not UTF-8.
    static func decode(_ text: Substring) -> String? {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
