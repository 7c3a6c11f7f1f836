/// Text as CEL sees it: a sequence of code points, never normalized.
///
/// UTF-8 orders as code points do, so comparing bytes is comparing code points.
enum CodePoints {
    /// Runs `body` on the UTF-8 bytes of `text`, copying only when the string has no contiguous storage.
    @inline(__always)
    static func withBytes<R>(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        if let result = text.utf8.withContiguousStorageIfAvailable(body) { return result }
        return Array(text.utf8).withUnsafeBufferPointer(body)
    }

    /// Whether two strings have the same code points.
    @inline(__always)
    static func equal(_ a: String, _ b: String) -> Bool {
        // Strings with the same bytes are always canonically equivalent, so Swift's fast comparison can say no for us.
        guard a == b else { return false }
        return sameBytes(a, b)
    }

    private static func sameBytes(_ a: String, _ b: String) -> Bool {
        guard a.utf8.count == b.utf8.count else { return false }
        return withBytes(a) { left in withBytes(b) { right in left.elementsEqual(right) } }
    }

    /// Whether `a` comes before `b` in code point order.
    static func less(_ a: String, _ b: String) -> Bool {
        withBytes(a) { left in withBytes(b) { right in left.lexicographicallyPrecedes(right) } }
    }

    /// Feeds the bytes of `text` to the hasher.
    static func hash(_ text: String, into hasher: inout Hasher) {
        withBytes(text) { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// The number of code points in `text`.
    static func count(_ text: String) -> Int {
        withBytes(text) { bytes in
            var count = 0
            // Each code point has exactly one byte that is not a continuation byte.
            for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
            return count
        }
    }

    /// Whether all of `text` is ASCII, so that byte offsets are code point offsets.
    static func isASCII(_ text: String) -> Bool {
        withBytes(text) { bytes in bytes.allSatisfy { $0 < 0x80 } }
    }
}
