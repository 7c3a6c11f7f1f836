import Crypto

/// SHA-256 of a text, shortened to 128 bits.
///
/// Kept as two numbers: as text it would be one of the largest parts of a recipe.
struct Fingerprint: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64

    init(of text: String) {
        var text = text
        var hash = SHA256()
        text.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        (high, low) = hash.finalize().withUnsafeBytes { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    /// 32 lower-case hexadecimal digits.
    var text: String {
        String(unsafeUninitializedCapacity: 32) { digits in
            for (start, number) in [(0, high), (16, low)] {
                for place in 0..<16 {
                    let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * place) & 15)
                    digits[start + place] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
                }
            }
            return 32
        }
    }
}
