/// A text whose code points can be counted off; free for ASCII.
struct Scalars {
    private let bytes: [UInt8]
    /// Where each code point begins, then the end; nil for ASCII.
    private let starts: [Int]?

    init(_ text: String) {
        let bytes = Array(text.utf8)
        self.bytes = bytes
        guard bytes.contains(where: { $0 >= 0x80 }) else {
            starts = nil
            return
        }
        starts = bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 } + [bytes.count]
    }

    init(_ text: String, _ meter: inout Meter) throws(EvaluationError) {
        try meter.text(text.utf8.count)
        self.init(text)
    }

    /// The number of code points.
    var count: Int { starts.map { $0.count - 1 } ?? bytes.count }

    private func offset(_ place: Int) -> Int { starts.map { $0[place] } ?? place }

    /// The code point that begins at a byte.
    private func place(at offset: Int) -> Int {
        guard let starts else { return offset }
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[offset(range.lowerBound)..<offset(range.upperBound)], as: UTF8.self)
    }

    /// A place from 0 to the end; throws for others.
    func checked(_ place: Int64) throws(EvaluationError) -> Int {
        guard let place = Int(exactly: place), (0...count).contains(place) else {
            throw EvaluationError(.indexOutOfRange, "index \(place) is out of range, the text has \(count) code points")
        }
        return place
    }

    /// The first place of `needle` at or after `from`.
    func first(_ needle: String, from: Int) -> Int? {
        let search = ByteSearch(needle)
        return bytes.withUnsafeBufferPointer { search.first(in: $0, from: offset(from)) }.map(place(at:))
    }

    /// The last place of `needle` that is not after `from`.
    func last(_ needle: String, from: Int?) -> Int? {
        let needle = Array(needle.utf8)
        guard !needle.isEmpty else { return from ?? count }
        // Searching the mirrored text for the mirrored needle finds the last place first.
        let end = min(from.map { offset($0) + needle.count } ?? bytes.count, bytes.count)
        let search = ByteSearch(bytes: needle.reversed())
        let mirrored = Array(bytes[..<end].reversed())
        let found = mirrored.withUnsafeBufferPointer { search.first(in: $0) }
        return found.map { place(at: end - $0 - needle.count) }
    }
}
