/// Finding the name that was meant.
enum Spelling {
    /// The name nearest to `word`: at most a third of its letters changed, added, left out or swapped with a neighbour.
    static func nearest(to word: String, among names: some Sequence<String>) -> String? {
        let letters = Array(word.lowercased().unicodeScalars)
        let allowed = max(1, letters.count / 3)
        var best: (name: String, distance: Int)?
        for name in names where name != word {
            let candidate = Array(name.lowercased().unicodeScalars)
            guard abs(candidate.count - letters.count) <= allowed, candidate.count <= 64 else { continue }
            let distance = distance(letters, candidate)
            guard distance <= allowed else { continue }
            // Equally near names are taken in the order of the alphabet, so that messages do not change between runs.
            if best.map({ (distance, name) < ($0.distance, $0.name) }) ?? true { best = (name, distance) }
        }
        return best?.name
    }

    /// Damerau-Levenshtein distance, neighbours swapped once (optimal string alignment).
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
