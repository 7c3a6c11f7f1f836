import Crypto
import CryptoExtras
import Foundation

/// How a JSON Web Token is signed (RFC 7518 section 3.1, RFC 8037 section 3.1).
enum SigningAlgorithm: String, CaseIterable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"

    /// A key that cannot be used, in words that hold nothing of it.
    struct KeyError: Error {
        let message: String
    }

    /// What a signature costs in steps of the budget: private key operations take up to some milliseconds.
    var steps: Int {
        switch self {
        case .hs256, .hs384, .hs512: 200
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: 50_000
        case .es256, .es384, .es512, .edDSA: 5_000
        }
    }

    /// The signature of a message, as JWS wants it: for ECDSA the two numbers one after the other (RFC 7518 section 3.4).
    func signature(of message: [UInt8], key: [UInt8]) throws(KeyError) -> [UInt8] {
        switch self {
        case .hs256: try code(SHA256.self, message, key)
        case .hs384: try code(SHA384.self, message, key)
        case .hs512: try code(SHA512.self, message, key)
        case .rs256: try rsa(SHA256.hash(data: message), key, .insecurePKCS1v1_5)
        case .rs384: try rsa(SHA384.hash(data: message), key, .insecurePKCS1v1_5)
        case .rs512: try rsa(SHA512.hash(data: message), key, .insecurePKCS1v1_5)
        case .ps256: try rsa(SHA256.hash(data: message), key, .PSS)
        case .ps384: try rsa(SHA384.hash(data: message), key, .PSS)
        case .ps512: try rsa(SHA512.hash(data: message), key, .PSS)
        case .es256:
            try using(key, "a P-256 key") { pem in
                try P256.Signing.PrivateKey(pemRepresentation: pem.text).signature(for: message).rawRepresentation
            }
        case .es384:
            try using(key, "a P-384 key") { pem in
                try P384.Signing.PrivateKey(pemRepresentation: pem.text).signature(for: message).rawRepresentation
            }
        case .es512:
            try using(key, "a P-521 key") { pem in
                try P521.Signing.PrivateKey(pemRepresentation: pem.text).signature(for: message).rawRepresentation
            }
        case .edDSA:
            try using(key, "an Ed25519 key") { pem in
                guard let seed = pem.ed25519Seed else { throw KeyError(message: "") }
                return try Curve25519.Signing.PrivateKey(rawRepresentation: seed).signature(for: message)
            }
        }
    }

    private func code<H: HashFunction>(
        _ hash: H.Type,
        _ message: [UInt8],
        _ key: [UInt8]
    ) throws(KeyError) -> [UInt8] {
        guard !key.isEmpty else { throw KeyError(message: "the key is empty") }
        // A public key used as a shared secret is the oldest attack on JWT, and mostly a slip of the algorithm.
        guard !key.starts(with: "-----BEGIN".utf8) else {
            throw KeyError(
                message: "\(rawValue) takes a shared secret, and this key is in PEM; RS256 or ES256 may be meant"
            )
        }
        return Array(HMAC<H>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }

    private func rsa(
        _ digest: some Digest,
        _ key: [UInt8],
        _ padding: _RSA.Signing.Padding
    ) throws(KeyError) -> [UInt8] {
        try using(key, "an RSA key of 2048 bits or more") { pem in
            try _RSA.Signing.PrivateKey(pemRepresentation: pem.text).signature(for: digest, padding: padding)
                .rawRepresentation
        }
    }

    /// Signs with a private key in PEM; whatever the library says of a key that it cannot read stays here.
    private func using(
        _ key: [UInt8],
        _ what: String,
        _ sign: (PrivateKeyText) throws -> Data
    ) throws(KeyError) -> [UInt8] {
        let pem = try PrivateKeyText(key, for: self)
        do {
            return Array(try sign(pem))
        } catch {
            throw KeyError(message: "\(rawValue) takes \(what); this is \(pem.kind)")
        }
    }
}
