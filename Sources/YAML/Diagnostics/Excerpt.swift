/// One line of a file, cut to fit, with the underline of a span.
struct Excerpt {
    /// The line as shown: tabs as spaces, cut ends marked by `…`.
    let text: String
    /// The spaces that bring the underline below its text.
    let indent: String
    /// `^`, then `~` to the end of the span or of the line.
    let underline: String

    /// What a terminal shows beside the margin without wrapping.
    private static let width = 110
    private static let tab = 4

    /// What stands in place of a hidden stretch, whatever its length.
    private static let mask = "•••"

    init(_ line: Substring, of span: Span, hiding hidden: [Span] = []) {
        var cells: [Cell] = []
        var used = 0
        let number = span.start.line
        let masked = hidden.map { hidden in
            let from = hidden.start.line < number ? 1 : hidden.start.column
            return from..<(hidden.end.line > number ? Int.max : max(from, hidden.end.column))
        }
        for (index, scalar) in line.unicodeScalars.enumerated() {
            if let stretch = masked.first(where: { $0.contains(index + 1) }) {
                let isFirst = stretch.lowerBound == index + 1
                cells.append(isFirst ? Cell(text: Self.mask, width: Self.mask.count) : Cell(text: "", width: 0))
                used += isFirst ? Self.mask.count : 0
                continue
            }
            let width = scalar == "\t" ? Self.tab - used % Self.tab : scalar.cells
            let shown =
                scalar == "\t"
                ? String(repeating: " ", count: width) : scalar.isUnprintable ? "\u{FFFD}" : String(scalar)
            cells.append(Cell(text: shown, width: width))
            used += width
        }
        let first = min(max(span.start.column - 1, 0), cells.count)
        let end = span.end.line == span.start.line ? min(max(span.end.column - 1, first), cells.count) : cells.count
        let window = Self.window(cells, around: first, end: end, total: used)
        let before = window.lowerBound > 0 ? "…" : ""
        let after = window.upperBound < cells.count ? "…" : ""
        text = before + cells[window].map(\.text).joined() + after
        let left = cells[window.lowerBound..<first].reduce(before.isEmpty ? 0 : 1) { $0 + $1.width }
        indent = String(repeating: " ", count: left)
        let marked = cells[first..<min(end, window.upperBound)].reduce(0) { $0 + $1.width }
        underline = "^" + String(repeating: "~", count: max(marked - 1, 0))
    }

    private struct Cell {
        var text: String
        var width: Int
    }

    /// The cells to show: all when they fit, else a third of the width before the span and the rest after it.
    private static func window(_ cells: [Cell], around first: Int, end: Int, total: Int) -> Range<Int> {
        guard total > width else { return 0..<cells.count }
        var from = first
        var used = 0
        let lead = max(width / 3, width - cells[first..<end].reduce(0) { $0 + $1.width } - 20)
        let isNearEnd = cells[first...].reduce(0) { $0 + $1.width } < width - lead
        let room = isNearEnd ? width - cells[first...].reduce(0) { $0 + $1.width } : min(lead, width * 2 / 3)
        while from > 0, used + cells[from - 1].width <= room {
            from -= 1
            used += cells[from].width
        }
        var to = first
        while to < cells.count, used + cells[to].width <= width {
            used += cells[to].width
            to += 1
        }
        return from..<to
    }
}

extension Unicode.Scalar {
    /// Controls, and the marks that reorder a line of text: a file must not be able to drive the terminal that shows it.
    var isUnprintable: Bool {
        switch value {
        case 0x09: false
        case 0...0x1F, 0x7F...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// Columns that a terminal gives it: none for what combines, two for East Asian wide characters and emoji.
    var cells: Int {
        if value < 0x300 { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return isUnprintable ? 1 : 0
        default: break
        }
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default:
            return properties.isEmojiPresentation ? 2 : 1
        }
    }
}
