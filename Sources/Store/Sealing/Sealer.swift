public import CEL
import Crypto
import Foundation

/// Seals what must not be readable at rest: AES-256-GCM, a random nonce for each value.
///
/// A sealed value is bound to its place (its context): copied to another row, or changed by a bit, it does not open.
public struct Sealer: Sendable {
    /// Tells which key this is without telling the key: 16 hexadecimal characters.
    public let fingerprint: String

    private let key: SymmetricKey

    /// A sealer with this key.
    public init(_ key: SealingKey) {
        self.key = SymmetricKey(data: key.bytes)
        let labelled = HMAC<SHA256>.authenticationCode(for: Array("runner store key fingerprint".utf8), using: self.key)
        fingerprint = SHA256.hash(data: Data(labelled)).prefix(8).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// Seals bytes for the place that `context` names.
    public func seal(_ bytes: [UInt8], context: String) throws(SealingError) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(bytes, using: key, nonce: Self.nonce(), authenticating: Array(context.utf8))
            // There is one: its nonce is of the usual size.
            guard let combined = box.combined else { throw SealingError.notSealed }
            return [UInt8](unsafeUninitializedCapacity: 1 + combined.count) { sealed, count in
                sealed[0] = Self.format
                count = 1 + combined.copyBytes(to: UnsafeMutableBufferPointer(rebasing: sealed[1...]))
            }
        } catch {
            throw SealingError.notSealed
        }
    }

    /// Opens what `seal` made for the same `context`.
    public func open(_ sealed: [UInt8], context: String) throws(SealingError) -> [UInt8] {
        guard sealed.count >= 1 + Self.nonceSize + Self.tagSize, sealed[0] == Self.format else {
            throw SealingError.notOpened
        }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            return [UInt8](try AES.GCM.open(box, using: key, authenticating: Array(context.utf8)))
        } catch {
            throw SealingError.notOpened
        }
    }

    private static func nonce() throws -> AES.GCM.Nonce {
        try withUnsafeBytes(of: (StockedRandomNumbers.next(), StockedRandomNumbers.next())) { bytes in
            try AES.GCM.Nonce(data: bytes[..<nonceSize])
        }
    }

    /// The first byte of what is sealed, so that another cipher can follow one day.
    private static let format: UInt8 = 1
    private static let nonceSize = 12
    private static let tagSize = 16
}

/// Why a value was not sealed or opened.
public enum SealingError: Error, Sendable, Hashable {
    /// The cipher refused.
    case notSealed
    /// Sealed with another key, for another place, or damaged.
    case notOpened
}

extension Sealer {
    /// Seals a value, types and all.
    public func seal(_ value: Value, secrets: [String] = [], context: String) throws(SealingError) -> [UInt8] {
        try seal(ValueCoding.encode(value, secrets: secrets), context: context)
    }

    /// Opens a value that `seal` made for the same `context`.
    public func openValue(_ sealed: [UInt8], context: String) throws(SealingError) -> MarkedValue {
        guard let value = ValueCoding.decode(try open(sealed, context: context)) else { throw SealingError.notOpened }
        return value
    }
}
