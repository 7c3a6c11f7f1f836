import Glibc

/// Counts as bars, one a line, for people.
struct BarChart {
    private let isUnicode: Bool
    private let hasColour: Bool
    private var rows: [(label: String, count: Int)] = []

    /// The width of the longest bar, in characters.
    private static let width = 48

    /// A chart for standard output: block characters where the locale knows them, `#` elsewhere.
    init(isUnicode: Bool = Terminal.isUnicode, hasColour: Bool = Terminal.allowsColour(1)) {
        self.isUnicode = isUnicode
        self.hasColour = hasColour
    }

    mutating func add(_ label: String, _ count: Int) { rows.append((label, count)) }

    /// The chart's lines.
    var text: String {
        let most = max(1, rows.map(\.count).max() ?? 1)
        let labels = rows.map(\.label.count).max() ?? 0
        let digits = String(most).count
        return rows.map { label, count in
            let number = String(repeating: " ", count: digits - String(count).count) + String(count)
            let bar = bar(count, of: most)
            let painted = hasColour && !bar.isEmpty ? "\u{1B}[36m\(bar)\u{1B}[0m" : bar
            let line = label + String(repeating: " ", count: labels - label.count) + "  \(number)"
            return bar.isEmpty ? line : line + "  " + painted
        }.joined(separator: "\n")
    }

    /// In eighths of a character; what is there at all is seen.
    private func bar(_ count: Int, of most: Int) -> String {
        guard count > 0 else { return "" }
        let eighths = max(1, (count * Self.width * 8 + most / 2) / most)
        guard isUnicode else { return String(repeating: "#", count: max(1, (eighths + 4) / 8)) }
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }
}

extension Terminal {
    /// Whether the locale's encoding is UTF-8 (the first of these that is set decides, POSIX.1-2017 section 8.2).
    static var isUnicode: Bool {
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let value = getenv(name).map({ String(cString: $0).lowercased() }), !value.isEmpty else { continue }
            return value.contains("utf-8") || value.contains("utf8")
        }
        return false
    }
}
