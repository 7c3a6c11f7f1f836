import CEL
import Crypto

/// Tells a spelling of a secret without holding it: its last bytes, its length, and a keyed digest.
///
/// A stored token is kept with the traces of what a program gave to acquire it: a process that finds the token runs no program, and a server could still
/// repeat the secret. The secret itself stays where its owner keeps it.
struct SecretTrace: Sendable, Hashable {
    /// The last bytes, by which a text is searched.
    let ending: [UInt8]
    /// The length of the spelling, in bytes.
    let length: Int
    private let digest: [UInt8]
    private let key: [UInt8]

    /// The shortest spelling that has one, in bytes: of a shorter one the ending would tell more than half.
    static let minimumLength = 2 * SecretIndex.window
    private static let digestSize = 16

    private init(ending: [UInt8], length: Int, digest: [UInt8], key: [UInt8]) {
        self.ending = ending
        self.length = length
        self.digest = digest
        self.key = key
    }

    /// Whether bytes that end so, and are as many, are the spelling.
    func matches(_ bytes: some Sequence<UInt8>) -> Bool {
        Self.digest(of: Array(bytes), key) == digest
    }

    private static func digest(of bytes: [UInt8], _ key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: key)).prefix(digestSize))
    }

    // MARK: As a member of the bag

    /// The traces of secrets, as a bag keeps them.
    static func stored(of secrets: [String]) -> Value {
        let key = (0..<digestSize).map { _ in UInt8.random(in: .min ... .max) }
        let forms = secrets.flatMap { SecretForms.all(of: Array($0.utf8), minimum: minimumLength) }
        let traces = forms.filter { $0.count >= minimumLength }.map { form -> Value in
            [
                .bytes(Array(form.suffix(SecretIndex.window))), .int(Int64(form.count)),
                .bytes(digest(of: form, key)),
            ]
        }
        return ["key": .bytes(key), "traces": .list(traces)]
    }

    /// The traces that a bag keeps.
    static func all(in stored: Value) -> [SecretTrace] {
        guard case .bytes(let key)? = stored["key"], case .list(let traces)? = stored["traces"] else { return [] }
        return traces.compactMap { trace in
            guard case .list(let parts) = trace, parts.count == 3, case .bytes(let ending) = parts[0],
                case .int(let length) = parts[1], case .bytes(let digest) = parts[2],
                ending.count == SecretIndex.window, length >= minimumLength
            else { return nil }
            return SecretTrace(ending: ending, length: Int(length), digest: digest, key: key)
        }
    }
}
