/// Finds any of many byte strings in a text in one pass.
///
/// A window of six bytes slides over the text; a bitmap says at once that almost no window ends a secret. Secrets are filed
/// under their last bytes and not their first, because tokens of one server begin alike (`eyJhbGciOi…`). Adding one costs
/// its own length, whatever the number of those that are there.
struct SecretIndex: Sendable {
    /// The window, and the shortest string that can be found, in bytes.
    static let window = 6

    private static let filterBits = 18
    private var filter = [UInt64](repeating: 0, count: 1 << (filterBits - 6))
    private var endings: [UInt64: [Entry]] = [:]
    private var numbers = 0

    private struct Entry: Sendable {
        let spelling: Spelling
        /// How many secrets are spelled like this.
        var uses = 1
    }

    private enum Spelling: Sendable, Equatable {
        case known([UInt8])
        case traced(SecretTrace)

        var length: Int {
            switch self {
            case .known(let form): form.count
            case .traced(let trace): trace.length
            }
        }

        /// Its last bytes, or all of it.
        var ending: [UInt8] {
            switch self {
            case .known(let form): form
            case .traced(let trace): trace.ending
            }
        }

        func matches(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
            switch self {
            case .known(let form): bytes.elementsEqual(form)
            case .traced(let trace): trace.matches(bytes)
            }
        }
    }

    /// Nothing can be found.
    var isEmpty: Bool { endings.isEmpty }
    /// Whether one of the strings could be a number.
    var hasNumbers: Bool { numbers > 0 }
    /// How many strings can be found.
    var count: Int { endings.values.reduce(0) { $0 + $1.count } }

    /// Adds a string.
    mutating func insert(_ form: [UInt8]) {
        if form.count >= Self.window { insert(.known(form)) }
    }

    /// Adds what a trace tells.
    mutating func insert(_ trace: SecretTrace) { insert(.traced(trace)) }

    private mutating func insert(_ spelling: Spelling) {
        let key = Self.key(spelling.ending)
        if let place = endings[key]?.firstIndex(where: { $0.spelling == spelling }) {
            endings[key]?[place].uses += 1
            return
        }
        endings[key, default: []].append(Entry(spelling: spelling))
        if Self.isNumber(spelling.ending) { numbers += 1 }
        // The longest first: it covers the shorter ones that end at the same place.
        endings[key]?.sort { $0.spelling.length > $1.spelling.length }
        let slot = Self.slot(key)
        filter[slot >> 6] |= 1 << UInt64(slot & 63)
    }

    /// Takes away what was added once; it can be found as long as it was added more often.
    mutating func remove(_ form: [UInt8]) { remove(.known(form)) }

    /// Takes away a trace.
    mutating func remove(_ trace: SecretTrace) { remove(.traced(trace)) }

    private mutating func remove(_ spelling: Spelling) {
        let key = Self.key(spelling.ending)
        guard let place = endings[key]?.firstIndex(where: { $0.spelling == spelling }) else { return }
        endings[key]?[place].uses -= 1
        guard endings[key]?[place].uses == 0 else { return }
        endings[key]?.remove(at: place)
        if Self.isNumber(spelling.ending) { numbers -= 1 }
        // Its bit of the filter stays: others may have the same, and a window more is looked at.
        if endings[key]?.isEmpty == true { endings[key] = nil }
    }

    /// The stretches of `text` that are strings of the index, merged where they overlap, in order.
    func matches(in text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        guard text.count >= Self.window, !isEmpty else { return [] }
        var found: [Range<Int>] = []
        filter.withUnsafeBufferPointer { filter in
            var key: UInt64 = 0
            for place in 0..<text.count {
                key = (key << 8 | UInt64(text[place])) & 0xFFFF_FFFF_FFFF
                let slot = Self.slot(key)
                guard filter[slot >> 6] >> UInt64(slot & 63) & 1 == 1, place >= Self.window - 1 else { continue }
                if let length = longestEnding(key, at: place, in: text) {
                    Self.merge(place + 1 - length..<place + 1, into: &found)
                }
            }
        }
        return found
    }

    private func longestEnding(_ key: UInt64, at place: Int, in text: UnsafeBufferPointer<UInt8>) -> Int? {
        endings[key]?.first { entry in
            let length = entry.spelling.length
            return length <= place + 1 && entry.spelling.matches(text[(place + 1 - length)..<(place + 1)])
        }?.spelling.length
    }

    /// Whether a number could be written so, or a part of one.
    private static func isNumber(_ form: [UInt8]) -> Bool {
        form.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || "+-.eE".utf8.contains($0) }
    }

    private static func key(_ form: [UInt8]) -> UInt64 {
        form.suffix(window).reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func merge(_ range: Range<Int>, into found: inout [Range<Int>]) {
        var range = range
        while let last = found.last, last.upperBound > range.lowerBound {
            range = min(last.lowerBound, range.lowerBound)..<max(last.upperBound, range.upperBound)
            found.removeLast()
        }
        found.append(range)
    }

    @inline(__always)
    private static func slot(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 - filterBits))
    }
}
