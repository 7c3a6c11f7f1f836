/// Hashes that are the same in every process, on every node and in every release.
///
/// What is derived from them (the phase of an interval, the value of `H`) must survive a restart, and Swift's `Hasher`
/// is seeded per process.
public enum StableHash {
    /// The 64-bit FNV-1a hash of the text's UTF-8 bytes.
    public static func fnv1a64(_ text: String) -> UInt64 {
        fnv1a64(text.utf8)
    }

    static func fnv1a64(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        return hash
    }

    /// A number in `0..<bound` that depends on the text alone.
    ///
    /// FNV's low bits are weak for short texts that differ in their last byte, so the hash is mixed (the finaliser of
    /// SplitMix64) before the remainder.
    static func value(of text: String, below bound: UInt64) -> UInt64 {
        var hash = fnv1a64(text)
        hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
        return (hash ^ (hash >> 31)) % bound
    }
}
