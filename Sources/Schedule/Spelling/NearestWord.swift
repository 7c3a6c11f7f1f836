/// Finds the word that was meant.
enum NearestWord {
    /// The candidate with the fewest typing slips from the word; nil when none is near enough to be worth suggesting.
    ///
    /// A slip is one letter added, dropped, changed, or two neighbours swapped (restricted Damerau-Levenshtein
    /// distance); case does not count. One slip is allowed up to five letters, two up to nine, three beyond.
    static func among(_ candidates: some Sequence<String>, to word: String) -> String? {
        let typed = Array(word.lowercased().utf8)
        guard !typed.isEmpty, typed.count <= 64 else { return nil }
        let allowed = typed.count <= 5 ? 1 : (typed.count <= 9 ? 2 : 3)
        var best: (word: String, slips: Int)?
        for candidate in candidates {
            let other = Array(candidate.lowercased().utf8)
            guard abs(other.count - typed.count) <= allowed else { continue }
            let slips = distance(typed, other)
            if slips <= allowed, slips < best?.slips ?? .max { best = (candidate, slips) }
        }
        return best?.word
    }

    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1] + [Int](repeating: 0, count: right.count)
            for column in 0..<right.count {
                let change = left[row] == right[column] ? 0 : 1
                var best = min(last[column + 1] + 1, current[column] + 1, last[column] + change)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current[column + 1] = best
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
