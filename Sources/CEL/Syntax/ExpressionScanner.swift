/// Finds where an expression inside a template ends, without parsing it.
public enum ExpressionScanner {
    /// The start of the first `}}` at or after `start` that is outside of CEL strings and has braces balanced; nil when
    /// there is none, or a string or brace before it stays open.
    public static func end(in text: Substring, from start: Substring.Index) -> Substring.Index? {
        let utf8 = text.utf8
        var place = start
        var braces = 0
        while place < utf8.endIndex {
            let next = utf8.index(after: place)
            switch utf8[place] {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                guard let end = endOfString(in: utf8, from: place, isRaw: isRaw(utf8, start, place)) else { return nil }
                place = end
                continue
            case UInt8(ascii: "/") where next < utf8.endIndex && utf8[next] == UInt8(ascii: "/"):
                // A comment runs to the end of its line, or to the end of the template.
                while place < utf8.endIndex, utf8[place] != UInt8(ascii: "\n") {
                    if utf8[place...].starts(with: "}}".utf8) { return place }
                    utf8.formIndex(after: &place)
                }
                continue
            case UInt8(ascii: "{"): braces += 1
            case UInt8(ascii: "}"):
                if braces == 0 { return next < utf8.endIndex && utf8[next] == UInt8(ascii: "}") ? place : nil }
                braces -= 1
            default: break
            }
            place = next
        }
        return nil
    }

    /// The same for a whole string.
    public static func end(in text: String, from start: String.Index) -> String.Index? {
        end(in: text[...], from: start)
    }

    /// Whether the quote at `quote` follows a prefix with r.
    private static func isRaw(_ utf8: Substring.UTF8View, _ start: Substring.Index, _ quote: Substring.Index) -> Bool {
        var place = quote
        var letters: [UInt8] = []
        while place > start {
            utf8.formIndex(before: &place)
            guard utf8[place].isNamePart else { break }
            letters.append(utf8[place] | 0x20)
            if letters.count > 2 { return false }
        }
        return letters.contains(UInt8(ascii: "r")) && letters.allSatisfy { "rb".utf8.contains($0) }
    }

    private static func endOfString(
        in utf8: Substring.UTF8View,
        from opening: Substring.Index,
        isRaw: Bool
    ) -> Substring.Index? {
        let quote = utf8[opening]
        let isTriple = utf8[opening...].starts(with: [quote, quote, quote])
        var place = utf8.index(opening, offsetBy: isTriple ? 3 : 1)
        while place < utf8.endIndex {
            let byte = utf8[place]
            if byte == UInt8(ascii: "\\"), !isRaw {
                utf8.formIndex(after: &place)
                guard place < utf8.endIndex else { return nil }
            } else if byte == quote {
                if !isTriple { return utf8.index(after: place) }
                if utf8[place...].starts(with: [quote, quote, quote]) { return utf8.index(place, offsetBy: 3) }
            }
            utf8.formIndex(after: &place)
        }
        return nil
    }
}
