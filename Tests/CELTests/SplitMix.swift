import CEL

/// A small random generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// A value that JSON can hold exactly.
    mutating func value(depth: Int) -> Value {
        switch below(depth > 0 ? 8 : 6) {
        case 0: return .null
        case 1: return .bool(below(2) == 0)
        case 2: return .int(Int64(bitPattern: next()) >> Int64(below(64)))
        case 3: return .double(Double(Int64(bitPattern: next())) / 1024 + 0.5)
        case 4, 5: return .string(text())
        case 6: return .list((0..<below(5)).map { _ in value(depth: depth - 1) })
        default:
            var map = ValueMap()
            for _ in 0..<below(12) { map[text()] = value(depth: depth - 1) }
            return .map(map)
        }
    }

    private mutating func text() -> String {
        let scalars: [Unicode.Scalar] = ["a", "\"", "\\", "\n", "\u{1}", "é", "😀", "z", "/", "\u{301}"]
        var text = String.UnicodeScalarView()
        for _ in 0..<below(12) { text.append(scalars[below(scalars.count)]) }
        return String(text)
    }
}
