import Foundation

/// The 32 bytes that the store is sealed with.
///
/// Prints as a placeholder.
public struct SealingKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let bytes: [UInt8]

    /// Random bytes, from the system.
    public init() {
        var system = SystemRandomNumberGenerator()
        bytes = (0..<Self.size).map { _ in UInt8.random(in: .min ... .max, using: &system) }
    }

    /// The key written in `text`: 64 hexadecimal characters, or base64 (also URL-safe, also without padding) of 32 bytes; white space around it is ignored.
    public init?(_ text: String) {
        // Not Foundation's trimming, which costs the start of a process a tenth of a millisecond and more.
        var trimmed = text[...]
        while trimmed.first?.isWhitespace == true { trimmed.removeFirst() }
        while trimmed.last?.isWhitespace == true { trimmed.removeLast() }
        let key = String(trimmed)
        guard let bytes = Self.hexadecimal(key) ?? Self.base64(key), bytes.count == Self.size else {
            return nil
        }
        self.bytes = bytes
    }

    /// How a key file holds it.
    var hexadecimalText: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// See ``Store/description``.
    public var description: String { "(key)" }
    /// See ``Store/debugDescription``.
    public var debugDescription: String { description }
    /// See ``Store/customMirror``.
    public var customMirror: Mirror { Mirror(self, children: []) }

    static let size = 32

    private static func hexadecimal(_ text: String) -> [UInt8]? {
        guard text.utf8.count == size * 2, text.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else {
            return nil
        }
        var rest = Substring(text)
        var bytes: [UInt8] = []
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    private static func base64(_ text: String) -> [UInt8]? {
        var standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        standard += String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        return Data(base64Encoded: standard).map { [UInt8]($0) }
    }
}
