/// Turns libyaml's code point counts into byte offsets, walking along with the events.
struct ByteLocator {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let isASCII: Bool
    private var index = 0
    private var byte = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, isASCII: Bool) {
        self.bytes = bytes
        self.isASCII = isASCII
    }

    /// The byte at which the code point `target` begins.
    ///
    /// Cheap when targets are near each other.
    mutating func byte(at target: Int) -> Int {
        if isASCII { return min(target, bytes.count) }
        while index < target, byte < bytes.count {
            byte += 1
            while byte < bytes.count, bytes[byte].isContinuation { byte += 1 }
            index += 1
        }
        while index > target, byte > 0 {
            byte -= 1
            while byte > 0, bytes[byte].isContinuation { byte -= 1 }
            index -= 1
        }
        return byte
    }
}
