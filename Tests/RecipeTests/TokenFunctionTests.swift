import CEL
import Crypto
import CryptoExtras
import Foundation
import Testing

@testable import Recipe

/// `jwt.sign`: every algorithm verified with the public key, every form of a private key, every wrong one.
@Suite struct TokenFunctionTests {
    static let rsa = try? _RSA.Signing.PrivateKey(keySize: .bits2048)

    private func token(
        _ key: String,
        _ algorithm: String,
        _ claims: Value = ["iss": "me"],
        _ header: Value? = nil
    ) throws -> String {
        let extra = header == nil ? "" : ", header"
        let value = try Environment.recipes.compile("jwt.sign(claims, key, algorithm\(extra))").evaluate([
            "claims": claims, "key": .string(key), "algorithm": .string(algorithm), "header": header ?? .null,
        ])
        guard case .string(let token) = value else { throw Unexpected() }
        return token
    }

    private struct Unexpected: Error {}

    private func failure(_ key: String, _ algorithm: String) -> String {
        do {
            return "no error: \(try token(key, algorithm))"
        } catch {
            return (error as? EvaluationError)?.message ?? "\(error)"
        }
    }

    /// What is signed, and the signature.
    private func parts(_ token: String) throws -> (message: Data, signature: Data) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        #expect(parts.count == 3)
        return (Data((parts[0] + "." + parts[1]).utf8), try #require(decoded(parts[2])))
    }

    private func decoded(_ text: Substring) -> Data? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4))
    }

    @Test func `signs as RFC 7515 appendix A and jwt io do`() throws {
        let claims: Value = ["sub": "1234567890", "name": "John Doe", "iat": 1_516_239_022]
        #expect(
            try token("your-256-bit-secret", "HS256", claims)
                == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0Ijox"
                + "NTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
        )
    }

    @Test func `writes header fields and moments as the standard wants them`() throws {
        let moment = try #require(Timestamp(seconds: 1_700_000_000, nanoseconds: 900_000_000))
        let parts = try token("secret", "HS512", ["exp": .timestamp(moment)], ["kid": "k1", "typ": "at+jwt"]).split(
            separator: "."
        )
        let header = String(decoding: try #require(decoded(parts[0])), as: UTF8.self)
        #expect(header == #"{"alg":"HS512","typ":"at+jwt","kid":"k1"}"#)
        #expect(String(decoding: try #require(decoded(parts[1])), as: UTF8.self) == #"{"exp":1700000000}"#)
        #expect(throws: EvaluationError.self) { try token("secret", "HS256", [:], ["alg": "none"]) }
    }

    @Test(arguments: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
    func `signs with RSA`(_ algorithm: String) throws {
        let key = try #require(Self.rsa)
        let padding: _RSA.Signing.Padding = algorithm.hasPrefix("PS") ? .PSS : .insecurePKCS1v1_5
        for pem in [key.pemRepresentation, key.pkcs8PEMRepresentation] {
            let (message, bytes) = try parts(try token(pem, algorithm))
            let signature = _RSA.Signing.RSASignature(rawRepresentation: bytes)
            let isValid =
                switch algorithm.suffix(3) {
                case "256": key.publicKey.isValidSignature(signature, for: SHA256.hash(data: message), padding: padding)
                case "384": key.publicKey.isValidSignature(signature, for: SHA384.hash(data: message), padding: padding)
                default: key.publicKey.isValidSignature(signature, for: SHA512.hash(data: message), padding: padding)
                }
            #expect(isValid)
        }
    }

    @Test func `signs with elliptic curves`() throws {
        let p256 = P256.Signing.PrivateKey()
        // OpenSSL puts the curve before the key.
        let withParameters =
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + p256.pemRepresentation
        for pem in [p256.pemRepresentation, withParameters, p256.pemRepresentation.replacing("\n", with: "\\n")] {
            let (message, bytes) = try parts(try token(pem, "ES256"))
            let signature = try P256.Signing.ECDSASignature(rawRepresentation: bytes)
            #expect(p256.publicKey.isValidSignature(signature, for: message))
        }
        let p384 = P384.Signing.PrivateKey()
        var (message, bytes) = try parts(try token(p384.pemRepresentation, "ES384"))
        #expect(p384.publicKey.isValidSignature(try .init(rawRepresentation: bytes), for: message))
        let p521 = P521.Signing.PrivateKey()
        (message, bytes) = try parts(try token(p521.pemRepresentation, "ES512"))
        #expect(p521.publicKey.isValidSignature(try .init(rawRepresentation: bytes), for: message))
        let edwards = Curve25519.Signing.PrivateKey()
        let der =
            [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20] + Data(edwards.rawRepresentation)
        let pem = "-----BEGIN PRIVATE KEY-----\n\(Data(der).base64EncodedString())\n-----END PRIVATE KEY-----"
        (message, bytes) = try parts(try token(pem, "EdDSA"))
        #expect(edwards.publicKey.isValidSignature(bytes, for: message))
    }

    @Test func `says what a wrong key is, and nothing of what is in it`() throws {
        let rsa = try #require(Self.rsa)
        let curve = P256.Signing.PrivateKey()
        let junk = "-----BEGIN PRIVATE KEY-----\n\(Data("hunter2hunter2hunter2".utf8).base64EncodedString())\n"
        let cases: [(key: String, algorithm: String, message: String)] = [
            (curve.pemRepresentation, "RS256", "takes an RSA key of 2048 bits or more; this is a P-256 key"),
            (rsa.pkcs8PEMRepresentation, "ES256", "takes a P-256 key; this is an RSA key"),
            (rsa.pemRepresentation, "EdDSA", "takes an Ed25519 key; this is an RSA key"),
            (rsa.pemRepresentation, "HS256", "takes a shared secret"),
            (rsa.publicKey.pemRepresentation, "RS256", "this is a public key"),
            ("hunter2", "RS256", "this is no PEM"),
            ("", "HS256", "the key is empty"),
            (junk + "-----END PRIVATE KEY-----", "ES384", "this is another key, or damaged"),
            (junk, "ES384", "this is no PEM"),
            ("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----", "RS256", "damaged"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "RS256", "passphrase"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "EdDSA", "ssh-keygen"),
            ("secret", "none", "there is no algorithm 'none'"),
        ]
        for (key, algorithm, message) in cases {
            let said = failure(key, algorithm)
            #expect(said.contains(message), "\(said)")
            for secret in ["hunter2", "aHVudGVyMm", String(curve.pemRepresentation.dropFirst(40).prefix(12))] {
                #expect(!said.contains(secret))
            }
        }
    }

    @Test func `a signature is never made while a file is read`() throws {
        let program = try Environment.recipes.compile("jwt.sign({'a': 1}, 'secret', 'HS256')")
        #expect(program.constant == nil)
        #expect(try Environment.recipes.compile("[now(), uuid()]").constant == nil)
    }
}
