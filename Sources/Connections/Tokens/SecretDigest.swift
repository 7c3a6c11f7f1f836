import Crypto

/// Tells whether the secrets behind a token have changed, without giving them away.
///
/// One part per field, each an HMAC with the token's identity as key, cut to 32 bits: enough to see a change, too little to
/// confirm a guess of anything but a trivial secret.
struct SecretDigest: Sendable, Hashable {
    private var secrets: [String: String] = [:]
    /// The connector's text: another one is worth another try, but the token stays good.
    private var connector: String?

    /// The name under which the connector's part is stored; no field can have it.
    private static let connectorName = "@connector"

    init() {}

    /// Reads the stored form.
    init(text: String) {
        for part in text.split(separator: ",") {
            let pair = part.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { continue }
            if pair[0] == Self.connectorName {
                connector = String(pair[1])
            } else {
                secrets[String(pair[0])] = String(pair[1])
            }
        }
    }

    /// Adds the digest of a secret field's value.
    mutating func add(_ value: String, of name: String, identity: String) {
        secrets[name] = Self.code(value, of: name, identity: identity)
    }

    /// Adds the digest of the connector's text.
    mutating func add(connector text: String, identity: String) {
        connector = Self.code(text, of: Self.connectorName, identity: identity)
    }

    /// Whether a secret that both know has another value: a token of the one is not a token of the other.
    func differs(from other: SecretDigest) -> Bool { !changed(from: other).isEmpty }

    /// The names of the secrets that both know and that have another value.
    func changed(from other: SecretDigest) -> [String] {
        secrets.filter { name, code in other.secrets[name].map { $0 != code } ?? false }.map(\.key)
    }

    /// Whether what failed with `other` may go well with this one.
    func isWorthAnotherTry(after other: SecretDigest) -> Bool {
        differs(from: other) || (connector != nil && other.connector != nil && connector != other.connector)
    }

    /// The stored form.
    var text: String {
        var parts = secrets
        if let connector { parts[Self.connectorName] = connector }
        return parts.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",")
    }

    private static func code(_ value: String, of name: String, identity: String) -> String {
        let key = SymmetricKey(data: Array(identity.utf8))
        return HMAC<SHA256>.authenticationCode(for: Array("\(name)\u{0}\(value)".utf8), using: key).prefix(4)
            .hexadecimal
    }
}

extension Sequence<UInt8> {
    /// Two lower-case hexadecimal digits per byte.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
