import Glibc

/// The name of one run: 20 characters that sort by the time they were made.
///
/// Lower-case base 32 without `i l o u`, so that it survives being read aloud and typed. 48 bits of Unix milliseconds, then 52 random bits: the same idea as
/// UUID version 7 (RFC 9562 section 5.7), shorter.
public struct RunID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The 20 characters.
    public let text: String

    /// A new id, made now.
    public init() {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        self.init(
            milliseconds: UInt64(max(0, now.tv_sec)) * 1000 + UInt64(now.tv_nsec) / 1_000_000,
            random: StockedRandomNumbers.next()
        )
    }

    /// An id of a chosen moment and chosen randomness (its low 52 bits).
    init(milliseconds: UInt64, random: UInt64) {
        text = String(unsafeUninitializedCapacity: Self.length) { characters in
            // Written from the end, five bits a character.
            var low = random & (1 << 52 - 1)
            var high = milliseconds & (1 << 48 - 1)
            for index in stride(from: Self.length - 1, through: 0, by: -1) {
                characters[index] = Self.alphabet[Int(low & 31)]
                low = low >> 5 | (high & 31) << 47
                high >>= 5
            }
            return Self.length
        }
    }

    /// The id with this text; nil when it is not one.
    ///
    /// Upper case is accepted.
    public init?(_ text: String) {
        let lowered = text.lowercased()
        guard lowered.utf8.count == Self.length, Self.isPrefix(lowered) else { return nil }
        self.text = lowered
    }

    /// Whether `text` could begin an id.
    static func isPrefix(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= length && text.utf8.allSatisfy(alphabet.contains)
    }

    /// See ``Store/<(left:right:)``.
    public static func < (left: RunID, right: RunID) -> Bool { left.text < right.text }

    /// See ``Store/description``.
    public var description: String { text }

    private static let length = 20
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// An id that this store wrote itself.
    init(stored text: String) { self.text = text }
}
