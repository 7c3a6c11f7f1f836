import CEL
import Crypto

/// A proof key of an authorization code (RFC 7636), and other random texts for it.
struct ProofKey: Sendable {
    /// What only the one who asked for the code knows: 43 characters.
    let verifier: String
    /// Its SHA-256 in base64url, which may be seen by others (`S256`).
    var challenge: String { Base64.encodeURL(Array(SHA256.hash(data: Array(verifier.utf8)))) }

    init() {
        verifier = Self.random()
    }

    init(verifier: String) {
        self.verifier = verifier
    }

    /// 256 random bits in base64url.
    static func random() -> String {
        var system = SystemRandomNumberGenerator()
        return Base64.encodeURL((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &system) })
    }
}
