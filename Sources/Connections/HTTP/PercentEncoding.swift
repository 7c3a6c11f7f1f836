/// Percent-encoding (RFC 3986 section 2.1) and HTML's form encoding.
enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// `name=value&…`, with all but unreserved characters encoded.
    static func form(_ pairs: [(String, String)], spaceAsPlus: Bool) -> String {
        var bytes: [UInt8] = []
        for (number, pair) in pairs.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: "&")) }
            encode(pair.0, spaceAsPlus, into: &bytes)
            bytes.append(UInt8(ascii: "="))
            encode(pair.1, spaceAsPlus, into: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text with all but unreserved characters encoded.
    static func component(_ text: String) -> String {
        var bytes: [UInt8] = []
        encode(text, false, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text with those characters encoded that may not stand in a path or query; what is encoded already stays.
    static func mending(_ text: String) -> String {
        guard !text.utf8.allSatisfy(isAllowed) else { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isAllowed(byte) { bytes.append(byte) } else { append(byte, to: &bytes) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A name or value of a query in its one strict spelling: all but unreserved characters encoded, with upper-case digits.
    ///
    /// Byte by byte, since not every query is UTF-8.
    static func strict(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        for byte in decodedBytes(text) {
            if byte.isUnreserved { bytes.append(byte) } else { append(byte, to: &bytes) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text with `%XX` and `+` read.
    static func decoded(_ text: Substring) -> String { String(decoding: decodedBytes(text), as: UTF8.self) }

    private static func decodedBytes(_ text: Substring) -> [UInt8] {
        let source = Array(text.utf8)
        var bytes: [UInt8] = []
        var place = 0
        while place < source.count {
            let byte = source[place]
            place += 1
            if byte == UInt8(ascii: "%"), place + 2 <= source.count,
                let value = UInt8(String(decoding: source[place..<place + 2], as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                place += 2
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return bytes
    }

    private static func encode(_ text: String, _ spaceAsPlus: Bool, into bytes: inout [UInt8]) {
        for byte in text.utf8 {
            if byte.isUnreserved {
                bytes.append(byte)
            } else if byte == UInt8(ascii: " "), spaceAsPlus {
                bytes.append(UInt8(ascii: "+"))
            } else {
                append(byte, to: &bytes)
            }
        }
    }

    private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "%"))
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
    }

    /// RFC 3986's pchar, `/` and `?`, and brackets, which real query strings hold.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&")...UInt8(ascii: ","),
            UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: "?"),
            UInt8(ascii: "@"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: byte.isUnreserved
        }
    }
}
