/// Finding bytes in bytes in linear time, whatever the two look like.
struct ByteSearch {
    private let needle: [UInt8]
    /// Knuth, Morris, Pratt: how much of the needle still matches after a mismatch.
    private let fallback: [Int]

    init(_ needle: String) {
        self.init(bytes: Array(needle.utf8))
    }

    init(bytes needle: [UInt8]) {
        var fallback = Array(repeating: 0, count: needle.count)
        var matched = 0
        for place in needle.indices.dropFirst() {
            while matched > 0, needle[place] != needle[matched] { matched = fallback[matched - 1] }
            if needle[place] == needle[matched] { matched += 1 }
            fallback[place] = matched
        }
        self.needle = needle
        self.fallback = fallback
    }

    /// The first place at or after `start`; `start` itself for an empty needle.
    func first(in text: UnsafeBufferPointer<UInt8>, from start: Int = 0) -> Int? {
        guard let initial = needle.first else { return start <= text.count ? start : nil }
        var matched = 0
        var place = start
        while place < text.count {
            let byte = text[place]
            if matched == 0, byte != initial {
                place += 1
                continue
            }
            while matched > 0, byte != needle[matched] { matched = fallback[matched - 1] }
            if byte == needle[matched] { matched += 1 }
            place += 1
            if matched == needle.count { return place - matched }
        }
        return nil
    }

    /// All places of a needle that is not empty, none overlapping, up to `limit`.
    func all(in text: UnsafeBufferPointer<UInt8>, limit: Int = .max) -> [Int] {
        guard !needle.isEmpty else { return [] }
        var places: [Int] = []
        var start = 0
        while places.count < limit, let place = first(in: text, from: start) {
            places.append(place)
            start = place + needle.count
        }
        return places
    }
}
