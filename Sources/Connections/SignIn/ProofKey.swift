import Crypto

/// A proof key of an authorization code (RFC 7636), and other random texts for it.
struct ProofKey: Sendable {
    /// What only the one who asked for the code knows: 43 characters.
    let verifier: String
    /// Its SHA-256 in base64url, which may be seen by others (`S256`).
    var challenge: String { Self.base64URL(SHA256.hash(data: Array(verifier.utf8))) }

    init() {
        verifier = Self.random()
    }

    init(verifier: String) {
        self.verifier = verifier
    }

    /// 256 random bits in base64url.
    static func random() -> String {
        var system = SystemRandomNumberGenerator()
        return base64URL((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &system) })
    }

    private static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                result.append(alphabet[Int(bits >> count) & 63])
            }
        }
        if count > 0 { result.append(alphabet[Int(bits << (6 - count)) & 63]) }
        return String(decoding: result, as: UTF8.self)
    }
}
