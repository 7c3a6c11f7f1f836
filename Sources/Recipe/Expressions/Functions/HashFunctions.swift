import CEL
import Crypto

/// Digests and message authentication codes.
///
/// A digest is mostly shown or compared, so it is lower-case hexadecimal. A code is mostly a step on the way to a header, or the key
/// of the next code, so it is bytes. Both take the encoding wanted as a last argument.
enum HashFunctions {
    static let all = [
        digest("hash.md5") { Array(Insecure.MD5.hash(data: $0)) },
        digest("hash.sha1") { Array(Insecure.SHA1.hash(data: $0)) },
        digest("hash.sha256") { Array(SHA256.hash(data: $0)) },
        digest("hash.sha384") { Array(SHA384.hash(data: $0)) },
        digest("hash.sha512") { Array(SHA512.hash(data: $0)) },
        code("hmac.sha1", Insecure.SHA1.self),
        code("hmac.sha256", SHA256.self),
        code("hmac.sha384", SHA384.self),
        code("hmac.sha512", SHA512.self),
    ]

    /// `name(text or bytes)` and `name(text or bytes, encoding)`.
    private static func digest(_ name: String, _ digest: @escaping @Sendable ([UInt8]) -> [UInt8]) -> Function {
        Function(
            name,
            overloads: [Type.string, .bytes].flatMap { content in
                [
                    .metered([content], .string) { (arguments, meter) throws(EvaluationError) in
                        try meter.read(arguments[0].octets.count)
                        return .string(digest(arguments[0].octets).hexadecimal)
                    },
                    .metered([content, .string], .string) { (arguments, meter) throws(EvaluationError) in
                        try meter.read(arguments[0].octets.count)
                        return .string(try digest(arguments[0].octets).encoded(arguments[1].characters))
                    },
                ]
            }
        )
    }

    /// `name(key, message)` and `name(key, message, encoding)` (RFC 2104).
    private static func code<H: HashFunction & Sendable>(_ name: String, _ hash: H.Type) -> Function {
        let code: @Sendable ([Value], inout Meter) throws(EvaluationError) -> [UInt8] = {
            (arguments, meter) throws(EvaluationError) in
            let message = arguments[1].octets
            try meter.read(message.count)
            return Array(HMAC<H>.authenticationCode(for: message, using: SymmetricKey(data: arguments[0].octets)))
        }
        var overloads: [Overload] = []
        for key in [Type.string, .bytes] {
            for message in [Type.string, .bytes] {
                overloads.append(
                    .metered([key, message], .bytes) { (arguments, meter) throws(EvaluationError) in
                        .bytes(try code(arguments, &meter))
                    }
                )
                overloads.append(
                    .metered([key, message, .string], .string) { (arguments, meter) throws(EvaluationError) in
                        .string(try code(arguments, &meter).encoded(arguments[2].characters))
                    }
                )
            }
        }
        return Function(name, overloads: overloads)
    }
}

extension Sequence<UInt8> {
    /// Two lower-case hexadecimal digits a byte.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension [UInt8] {
    fileprivate func encoded(_ encoding: String) throws(EvaluationError) -> String {
        switch encoding {
        case "hex": return hexadecimal
        case "base64": return Base64.encode(self)
        case "base64url": return Base64.encodeURL(self)
        default:
            throw EvaluationError(
                .invalidArgument,
                "the encoding is 'hex', 'base64' or 'base64url', not '\(encoding.prefix(20))'"
            )
        }
    }
}
