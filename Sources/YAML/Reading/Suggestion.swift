/// Finds the word that was probably meant.
public enum Suggestion {
    /// The candidate nearest to `word`, or nil when none is near enough to be a slip.
    ///
    /// Distance is Damerau-Levenshtein (restricted), at most a third of the word's length and never more than 3; case, `-` and `_` do not
    /// count, so `maxPages` finds `max_pages`. Of equals the first wins.
    public static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let wanted = normalized(word)
        guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
        let allowed = min(3, max(1, wanted.count / 3))
        var best: (distance: Int, candidate: String)?
        for candidate in candidates where candidate != word {
            let other = normalized(candidate)
            guard abs(other.count - wanted.count) <= allowed else { continue }
            let distance = distance(wanted, other)
            // One letter for another in a word of one or two says nothing.
            guard distance <= allowed, distance < max(wanted.count, other.count) - 1 || distance == 0 else { continue }
            if distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.candidate
    }

    private static func normalized(_ word: String) -> [Unicode.Scalar] {
        word.lowercased().unicodeScalars.filter { $0 != "-" && $0 != "_" }
    }

    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var twoBack = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        for i in 1...left.count {
            var current = [i] + [Int](repeating: 0, count: right.count)
            for j in 1...right.count {
                let cost = left[i - 1] == right[j - 1] ? 0 : 1
                current[j] = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
                if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
                    current[j] = min(current[j], twoBack[j - 2] + 1)
                }
            }
            twoBack = previous
            previous = current
        }
        return previous[right.count]
    }
}
