import CEL
import Crypto
import Foundation
import Schedule

extension Environment {
    /// CEL's standard environment and the functions that recipes and connectors have besides: clocks, hashes and identifiers.
    ///
    /// They are registered here so that the CEL target stays pure (DESIGN section 5). `now()` and `uuid()` are never folded.
    static let recipes: Environment = {
        var environment = Environment(timeZones: { name, seconds in
            (try? Zone(named: name)).map { $0.offset(at: Instant(seconds: seconds)) }
        })
        for function in [now, uuid, sha256, md5, hmac] { environment.register(function) }
        return environment
    }()

    private static let now = Function(
        "now",
        isPure: false,
        Overload([], .timestamp) { (_: [Value]) throws(EvaluationError) in
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            guard let now = Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec)) else {
                throw EvaluationError(.overflow, "the clock is outside the years 1 to 9999")
            }
            return .timestamp(now)
        }
    )

    private static let uuid = Function(
        "uuid",
        isPure: false,
        Overload([], .string) { (_: [Value]) throws(EvaluationError) in .string(UUID().uuidString.lowercased()) }
    )

    /// `hash.sha256(text or bytes)`: lower-case hexadecimal.
    private static let sha256 = Function("hash.sha256", overloads: digests { SHA256.hash(data: $0).hexadecimal })

    /// `hash.md5(text or bytes)`: lower-case hexadecimal; for APIs that still ask for it, not for security.
    private static let md5 = Function("hash.md5", overloads: digests { Insecure.MD5.hash(data: $0).hexadecimal })

    /// `hmac.sha256(key, message)`: bytes (RFC 2104), so that `base64.encode` and `hex` can follow.
    private static let hmac = Function(
        "hmac.sha256",
        overloads: [Type.string, .bytes].flatMap { key in
            [Type.string, .bytes].map { message in
                Overload([key, message], .bytes) { (arguments: [Value]) throws(EvaluationError) in
                    let key = SymmetricKey(data: arguments[0].octets)
                    return .bytes(Array(HMAC<SHA256>.authenticationCode(for: arguments[1].octets, using: key)))
                }
            }
        }
    )

    private static func digests(_ digest: @escaping @Sendable ([UInt8]) -> String) -> [Overload] {
        [Type.string, .bytes].map { parameter in
            Overload([parameter], .string) { (arguments: [Value]) throws(EvaluationError) in
                .string(digest(arguments[0].octets))
            }
        }
    }
}

extension Value {
    /// The bytes of a text or byte string; empty for other kinds, which the overloads do not take.
    fileprivate var octets: [UInt8] {
        switch self {
        case .string(let text): Array(text.utf8)
        case .bytes(let bytes): bytes
        default: []
        }
    }
}

extension Sequence<UInt8> {
    /// Two lower-case hexadecimal digits a byte.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
