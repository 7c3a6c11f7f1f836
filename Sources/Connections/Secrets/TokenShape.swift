/// Signed JSON Web Tokens in a text, known by their shape (RFC 7515 section 7.1).
///
/// An expression can sign a new one for each request, so remembering them as other secrets are remembered would have no bound. Their
/// shape is unmistakable: three parts in base64url, of which the first two are JSON objects and so begin with `eyJ`.
enum TokenShape {
    /// An HMAC cut to half of SHA-256 has 22 characters; what is shorter is no signature.
    private static let shortestSignature = 20

    /// The stretches that are tokens, in order; the time is linear in the text.
    static func matches(in text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var place = 0
        while place < text.count {
            guard text[place].isBase64URL else {
                place += 1
                continue
            }
            let header = part(of: text, from: place)
            place = header.upperBound
            guard isObject(header, in: text), follows(header, in: text) else { continue }
            let payload = part(of: text, from: header.upperBound + 1)
            place = payload.upperBound
            guard isObject(payload, in: text), follows(payload, in: text) else { continue }
            let signature = part(of: text, from: payload.upperBound + 1)
            place = signature.upperBound
            guard signature.count >= shortestSignature else { continue }
            found.append(header.lowerBound..<signature.upperBound)
        }
        return found
    }

    private static func part(of text: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int> {
        var end = start
        while end < text.count, text[end].isBase64URL { end += 1 }
        return start..<end
    }

    private static func isObject(_ part: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Bool {
        text[part].starts(with: "eyJ".utf8)
    }

    private static func follows(_ part: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Bool {
        part.upperBound < text.count && text[part.upperBound] == UInt8(ascii: ".")
    }
}

extension UInt8 {
    fileprivate var isBase64URL: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
