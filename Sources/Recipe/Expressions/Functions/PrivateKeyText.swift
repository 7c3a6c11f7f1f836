import Foundation

/// A private key in PEM (RFC 7468): PKCS#8, PKCS#1 or SEC 1.
struct PrivateKeyText {
    /// The block of the key alone, without what stands around it, such as curve parameters.
    let text: String
    private let label: String
    private let der: [UInt8]

    /// Finds the private key in a text; the error says what else it is, and nothing of its content.
    init(_ key: [UInt8], for algorithm: SigningAlgorithm) throws(SigningAlgorithm.KeyError) {
        // Keys that came through JSON or an environment variable often have `\n` in place of their line breaks.
        let whole = String(decoding: key, as: UTF8.self).replacing("\\n", with: "\n")
        let blocks = Self.blocks(of: whole)
        guard let block = blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            let found = blocks.first.map { "this is a \($0.label.lowercased())" } ?? "this is no PEM"
            throw SigningAlgorithm.KeyError(
                message: "\(algorithm.rawValue) takes a private key in PEM (-----BEGIN PRIVATE KEY-----); \(found)"
            )
        }
        if block.label == "ENCRYPTED PRIVATE KEY" || block.body.contains("ENCRYPTED") {
            throw SigningAlgorithm.KeyError(
                message: "the private key is protected by a passphrase; store it without one (openssl pkey -in FILE)"
            )
        }
        if block.label == "OPENSSH PRIVATE KEY" {
            throw SigningAlgorithm.KeyError(
                message: "the private key is in OpenSSH's own form; convert it with ssh-keygen -p -m PKCS8 -f FILE"
            )
        }
        guard let der = Data(base64Encoded: block.body, options: .ignoreUnknownCharacters), !der.isEmpty else {
            throw SigningAlgorithm.KeyError(message: "the private key's PEM is damaged: its lines are no base64")
        }
        label = block.label
        let lines = der.base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        text = "-----BEGIN \(label)-----\n\(lines)\n-----END \(label)-----\n"
        self.der = Array(der)
    }

    private static func blocks(of text: String) -> [(label: String, body: String)] {
        var blocks: [(label: String, body: String)] = []
        var rest = text[...]
        while let begin = rest.firstRange(of: "-----BEGIN ") {
            rest = rest[begin.upperBound...]
            guard let dashes = rest.firstRange(of: "-----") else { break }
            let label = String(rest[..<dashes.lowerBound])
            rest = rest[dashes.upperBound...]
            guard let end = rest.firstRange(of: "-----END \(label)-----") else { break }
            blocks.append((label, String(rest[..<end.lowerBound])))
            rest = rest[end.upperBound...]
        }
        return blocks
    }

    /// The 32 bytes of an Ed25519 key in PKCS#8 (RFC 8410 section 7): an octet string in an octet string, after the algorithm.
    var ed25519Seed: [UInt8]? {
        guard let place = Self.ed25519.place(in: der[..<min(der.count, 24)]) else { return nil }
        let rest = der[(place + Self.ed25519.count)...]
        guard rest.starts(with: [0x04, 0x22, 0x04, 0x20]), rest.count >= 36 else { return nil }
        return Array(rest.dropFirst(4).prefix(32))
    }

    /// What kind of key it is, for messages.
    var kind: String {
        if label == "RSA PRIVATE KEY" || Self.rsa.place(in: der[...]) != nil { return "an RSA key" }
        if Self.p256.place(in: der[...]) != nil { return "a P-256 key" }
        if Self.p384.place(in: der[...]) != nil { return "a P-384 key" }
        if Self.p521.place(in: der[...]) != nil { return "a P-521 key" }
        if Self.ed25519.place(in: der[...]) != nil { return "an Ed25519 key" }
        return "another key, or damaged"
    }

    // Object identifiers with their tag and length (RFC 8017 appendix C, RFC 5480 section 2.1.1.1, RFC 8410 section 3).
    private static let rsa: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
    private static let p256: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    private static let p384: [UInt8] = [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22]
    private static let p521: [UInt8] = [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23]
    private static let ed25519: [UInt8] = [0x06, 0x03, 0x2B, 0x65, 0x70]
}

extension [UInt8] {
    /// Where these bytes first stand in others.
    fileprivate func place(in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= count else { return nil }
        return (bytes.startIndex...bytes.endIndex - count).first { bytes[$0...].starts(with: self) }
    }
}
