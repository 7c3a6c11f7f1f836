/// The spellings in which a secret may turn up in a text.
enum SecretForms {
    /// All distinct spellings of at least `minimum` bytes: as it is, percent-encoded, JSON-escaped, base64 and base64url.
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
        add(jsonEscaped(secret, escapesSlash: false))
        add(jsonEscaped(secret, escapesSlash: true))
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
        let digits = Array((upper ? "0123456789ABCDEF" : "0123456789abcdef").utf8)
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

    private static func jsonEscaped(_ bytes: [UInt8], escapesSlash: Bool) -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "/") where escapesSlash: result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): result += Array("\\n".utf8)
            case UInt8(ascii: "\r"): result += Array("\\r".utf8)
            case UInt8(ascii: "\t"): result += Array("\\t".utf8)
            case 0x08: result += Array("\\b".utf8)
            case 0x0C: result += Array("\\f".utf8)
            case ..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                result += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: result.append(byte)
            }
        }
        return result
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
