/// The spellings in which a secret may turn up in a text.
enum SecretForms {
    /// All distinct spellings of at least `minimum` bytes: as it is, percent-encoded, JSON-escaped, base64 and base64url.
    ///
    /// One beyond ASCII also as who took it for ISO 8859-1 repeats it.
    ///
    /// JSON knows many ways to write one text: with `/` escaped or not, in ASCII alone (Python, PHP), with what HTML knows escaped (Go); and JSON inside
    /// of JSON is escaped twice.
    ///
    /// Base64 of a longer text that holds the secret (`id:secret`) depends on where it begins modulo three; of each of the
    /// three cases only the characters that the secret alone decides are taken.
    static func all(of secret: [UInt8], minimum: Int) -> [[UInt8]] {
        var forms: [[UInt8]] = [secret]
        func add(_ form: [UInt8]) {
            if form.count >= minimum, !forms.contains(form) { forms.append(form) }
        }
        for upper in [true, false] {
            add(percentEncoded(secret, spaceAsPlus: false, upper: upper))
            add(percentEncoded(secret, spaceAsPlus: true, upper: upper))
        }
        let json = jsonEscaped(secret)
        add(json)
        add(jsonEscaped(json))
        add(jsonEscaped(secret, escaping: "/"))
        add(jsonEscaped(secret, escaping: "<>&"))
        let ascii = asciiEscaped(json)
        add(ascii)
        if secret.contains(where: { $0 >= 0x80 }) {
            let misread = readAsLatin1(json)
            add(readAsLatin1(secret))
            add(misread)
            add(asciiEscaped(misread))
        }
        add(asciiEscaped(json, upperDigits))
        add(asciiEscaped(jsonEscaped(secret, escaping: "/")))
        for offset in 0..<3 {
            let inner = base64(secret, offset: offset, isWhole: false)
            add(inner)
            add(urlSafe(inner))
            add(percentEncoded(inner, spaceAsPlus: false, upper: true))
        }
        let whole = base64(secret, offset: 0, isWhole: true)
        add(whole)
        add(urlSafe(whole))
        return forms
    }

    private static func percentEncoded(_ bytes: [UInt8], spaceAsPlus: Bool, upper: Bool) -> [UInt8] {
        let digits = upper ? upperDigits : digits
        var result: [UInt8] = []
        for byte in bytes {
            if byte.isUnreserved {
                result.append(byte)
            } else if byte == UInt8(ascii: " "), spaceAsPlus {
                result.append(UInt8(ascii: "+"))
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return result
    }

    private static let digits = Array("0123456789abcdef".utf8)
    private static let upperDigits = Array("0123456789ABCDEF".utf8)

    /// JSON's escapes (RFC 8259 section 7), and those of further characters: `/` as `\/`, others by number.
    private static func jsonEscaped(_ bytes: [UInt8], escaping more: String = "") -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): result += Array("\\n".utf8)
            case UInt8(ascii: "\r"): result += Array("\\r".utf8)
            case UInt8(ascii: "\t"): result += Array("\\t".utf8)
            case 0x08: result += Array("\\b".utf8)
            case 0x0C: result += Array("\\f".utf8)
            case UInt8(ascii: "/") where more.utf8.contains(byte): result += [UInt8(ascii: "\\"), byte]
            case _ where byte < 0x20 || more.utf8.contains(byte): result += numbered(UInt16(byte), digits)
            default: result.append(byte)
            }
        }
        return result
    }

    /// The text that UTF-8 gives to who takes it for ISO 8859-1, as many servers do with header fields (RFC 9110 section 5.5).
    private static func readAsLatin1(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { $0 < 0x80 ? [$0] : [0xC0 | $0 >> 6, 0x80 | $0 & 0x3F] }
    }

    /// The text with all beyond ASCII as `\u` and four digits (RFC 8259 section 7), twice where one UTF-16 unit does not reach.
    private static func asciiEscaped(_ bytes: [UInt8], _ digits: [UInt8] = digits) -> [UInt8] {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return bytes }
        var result: [UInt8] = []
        for unit in String(decoding: bytes, as: UTF8.self).utf16 {
            if let byte = UInt8(exactly: unit), byte < 0x80 {
                result.append(byte)
            } else {
                result += numbered(unit, digits)
            }
        }
        return result
    }

    private static func numbered(_ unit: UInt16, _ digits: [UInt8]) -> [UInt8] {
        Array("\\u".utf8) + [12, 8, 4, 0].map { digits[Int(unit >> $0) & 15] }
    }

    /// The base64 characters that `bytes` decide when they begin `offset` bytes after a multiple of three; with `isWhole`
    /// also the last, partial character, without padding.
    private static func base64(_ bytes: [UInt8], offset: Int, isWhole: Bool) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let padded = [UInt8](repeating: 0, count: offset) + bytes
        var characters: [UInt8] = []
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for byte in padded {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                characters.append(alphabet[Int(bits >> count) & 63])
            }
        }
        if isWhole, count > 0 { characters.append(alphabet[Int(bits << (6 - count)) & 63]) }
        // The first characters also hold bits of what stands before.
        return Array(characters.dropFirst((offset * 8 + 5) / 6))
    }

    private static func urlSafe(_ bytes: [UInt8]) -> [UInt8] {
        bytes.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
    }
}

extension UInt8 {
    /// One of the characters that RFC 3986 section 2.3 calls unreserved.
    var isUnreserved: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
