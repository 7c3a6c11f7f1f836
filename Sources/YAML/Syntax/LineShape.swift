/// One line of a YAML file seen as its writer sees it: indentation, `- `, key, colon, value, comment.
///
/// Used only for the words of an error, where YAML itself cannot say what was meant. All numbers are offsets from 0 in Unicode scalars.
struct LineShape {
    let scalars: [Unicode.Scalar]
    /// Where the first character that is no blank stands.
    let contentStart: Int
    /// The same after any `- `.
    let itemStart: Int
    /// The colon that ends the key: followed by a blank or the end of the line.
    let colon: Int?
    /// A colon that would end a key if a space followed it, on a line that has no `colon`; URLs and times are left alone.
    let tightColon: Int?

    init(_ line: Substring) {
        scalars = Array(line.unicodeScalars)
        var at = 0
        while at < scalars.count, scalars[at].isBlank { at += 1 }
        contentStart = at
        while at < scalars.count, scalars[at] == "-", at + 1 == scalars.count || scalars[at + 1].isBlank {
            at += 1
            while at < scalars.count, scalars[at].isBlank { at += 1 }
        }
        itemStart = at
        colon = Self.keyColon(in: scalars, from: at)
        tightColon = colon == nil ? Self.tightColon(in: scalars, from: at) : nil
    }

    /// Nothing, or only a comment.
    var isEmpty: Bool { contentStart == scalars.count || scalars[contentStart] == "#" }
    /// Whether the line begins with `- `.
    var isItem: Bool { itemStart > contentStart }

    /// The key, if the line has one.
    var key: String? { colon.map { text(itemStart..<$0) } }

    /// Where the value begins: after the colon, or after `- ` on a line without a key.
    var valueStart: Int {
        var at = colon.map { $0 + 1 } ?? itemStart
        while at < scalars.count, scalars[at].isBlank { at += 1 }
        return at
    }

    /// The value without the comment after it.
    var value: String { text(from: valueStart) }

    /// From `start` to the comment or the end of the line.
    func text(from start: Int) -> String {
        var end = start
        while end < scalars.count {
            if scalars[end] == "#", end > start, scalars[end - 1].isBlank { break }
            end += 1
        }
        return text(start..<end)
    }

    /// From `start` to the end of the line, comment included.
    func wholeText(from start: Int) -> String { text(start..<scalars.count) }

    /// The first `scalar` at or after `start`.
    func column(of scalar: Unicode.Scalar, from start: Int) -> Int? {
        guard start < scalars.count else { return nil }
        return scalars[start...].firstIndex(of: scalar)
    }

    /// Where `{{` begins whose second brace stands at `place`.
    func bracesStart(before place: Int) -> Int? {
        guard place > 0, place < scalars.count, scalars[place] == "{", scalars[place - 1] == "{" else { return nil }
        return place - 1
    }

    /// The text as a YAML scalar in quotes: double ones, or single ones where those read better.
    static func quoted(_ text: String) -> String {
        if text.contains("\"") || text.contains("\\") {
            return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
        }
        return "\"\(text)\""
    }

    private func text(_ range: Range<Int>) -> String {
        guard range.lowerBound < scalars.count else { return "" }
        var end = range.upperBound
        while end > range.lowerBound, scalars[end - 1].isBlank { end -= 1 }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[range.lowerBound..<end])
        return String(text)
    }

    private static func keyColon(in scalars: [Unicode.Scalar], from start: Int) -> Int? {
        guard start < scalars.count else { return nil }
        var at = start
        // A quoted key may hold `: `.
        if scalars[start] == "\"" || scalars[start] == "'" {
            guard let close = scalars[(start + 1)...].firstIndex(of: scalars[start]) else { return nil }
            at = close + 1
        }
        while at < scalars.count {
            if scalars[at] == ":", at + 1 == scalars.count || scalars[at + 1].isBlank { return at }
            if scalars[at] == "#", at > start, scalars[at - 1].isBlank { return nil }
            at += 1
        }
        return nil
    }

    private static func tightColon(in scalars: [Unicode.Scalar], from start: Int) -> Int? {
        guard start < scalars.count, scalars[start].properties.isAlphabetic || scalars[start] == "_" else { return nil }
        for at in start..<scalars.count {
            let scalar = scalars[at]
            if scalar == ":" {
                let next = at + 1 < scalars.count ? scalars[at + 1] : "/"
                return next == "/" || next == ":" ? nil : at
            }
            guard
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_" || scalar == "-"
            else {
                return nil
            }
        }
        return nil
    }
}

extension Unicode.Scalar {
    /// Space or tab.
    var isBlank: Bool { self == " " || self == "\t" }
}
