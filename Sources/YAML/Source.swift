/// The text of one file, with the path under which reports name it.
public final class Source: Sendable {
    /// The path as the user wrote it.
    public let path: String
    /// The whole text, with its byte order mark if it has one.
    public let text: String
    /// The UTF-8 offset at which each line begins; the first is 0.
    let lineStarts: [Int]
    /// The offset of the first byte that is not UTF-8, when the text was made from bytes.
    let invalidByte: Int?
    /// Whether scalars and bytes can be counted alike.
    let isASCII: Bool

    /// Makes a source from text that is already decoded.
    public init(path: String, text: String) {
        self.path = path
        self.text = text
        self.invalidByte = nil
        (self.lineStarts, self.isASCII) = Self.scan(text)
    }

    /// Makes a source from the bytes of a file.
    ///
    /// Bytes that are not UTF-8 are replaced by U+FFFD, and `parse` reports the first of them.
    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.text = String(decoding: bytes, as: UTF8.self)
        self.invalidByte = Self.firstInvalidByte(bytes)
        (self.lineStarts, self.isASCII) = Self.scan(text)
    }

    /// A line of the text, from 1, without its line break; nil when there is no such line.
    public func line(_ number: Int) -> Substring? {
        guard number >= 1, number <= lineStarts.count else { return nil }
        let utf8 = text.utf8
        let end = number < lineStarts.count ? lineStarts[number] : utf8.count
        let from = utf8.index(utf8.startIndex, offsetBy: lineStart(number))
        var to = utf8.index(utf8.startIndex, offsetBy: end)
        while to > from, utf8[utf8.index(before: to)].isLineBreak { to = utf8.index(before: to) }
        return text[from..<to]
    }

    /// The place of a byte, given as an offset into the UTF-8 of the text.
    ///
    /// An offset inside a character means that character; one past the end means the end.
    public func mark(atByte offset: Int) -> Mark {
        let utf8 = text.utf8
        var offset = min(max(offset, 0), utf8.count)
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let start = lineStart(low + 1)
        var index = utf8.index(utf8.startIndex, offsetBy: offset)
        while offset > start, index < utf8.endIndex, utf8[index].isContinuation {
            offset -= 1
            index = utf8.index(before: index)
        }
        guard offset > start else { return Mark(line: low + 1, column: 1) }
        let from = utf8.index(utf8.startIndex, offsetBy: start)
        let scalars = utf8[from..<index].reduce(into: 0) { count, byte in count += byte.isContinuation ? 0 : 1 }
        return Mark(line: low + 1, column: scalars + 1)
    }

    /// Bytes of the byte order mark at the start: 3 or 0.
    var byteOrderMark: Int { text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0 }

    private func lineStart(_ number: Int) -> Int {
        number == 1 ? byteOrderMark : lineStarts[number - 1]
    }

    private static func scan(_ text: String) -> (lineStarts: [Int], isASCII: Bool) {
        var text = text
        return text.withUTF8 { bytes in
            var starts = [0]
            var union: UInt8 = 0
            for (offset, byte) in bytes.enumerated() {
                union |= byte
                guard byte <= 0x0D, byte.isLineBreak else { continue }
                let next = offset + 1
                if byte == 0x0D, next < bytes.count, bytes[next] == 0x0A { continue }
                starts.append(next)
            }
            return (starts, union < 0x80)
        }
    }

    private static func firstInvalidByte(_ bytes: [UInt8]) -> Int? {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }
}

extension UInt8 {
    /// Line feed or carriage return.
    var isLineBreak: Bool { self == 0x0A || self == 0x0D }
    /// Space or tab.
    var isBlank: Bool { self == 0x20 || self == 0x09 }
    /// A byte of a UTF-8 sequence after its first.
    var isContinuation: Bool { self & 0xC0 == 0x80 }
    /// What libyaml takes for part of an anchor's name: letters, digits, `-` and `_`.
    var isAnchorName: Bool {
        (0x30...0x39).contains(self) || (0x61...0x7A).contains(self | 0x20) || self == 0x2D || self == 0x5F
    }
}
