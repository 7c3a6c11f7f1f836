/// Which bytes of the file became which bytes of a scalar's text.
///
/// It repeats what libyaml did while scanning, and only when someone asks for a place inside the text.
struct ScalarLayout {
    /// Some bytes of the text and the bytes of the file that they came from.
    struct Piece {
        /// Where the bytes begin in the file.
        var fileOffset: Int
        /// How many bytes of the file they take.
        var fileLength: Int
        /// How many bytes of the text they give.
        var length: Int
    }

    private let scalar: Scalar
    private let file: UnsafeBufferPointer<UInt8>
    private let range: Range<Int>

    /// `range` is the scalar with its quotes or block header, in bytes of the file.
    init(_ scalar: Scalar, file: UnsafeBufferPointer<UInt8>, range: Range<Int>) {
        self.scalar = scalar
        self.file = file
        self.range = range
    }

    /// The first byte of content: after an opening quote, at the first text of a block scalar.
    var contentStart: Int {
        switch scalar.style {
        case .plain, .verbatim: range.lowerBound
        case .singleQuoted, .doubleQuoted: min(range.lowerBound + 1, range.upperBound)
        case .literal, .folded: min(headerEnd, range.upperBound)
        }
    }

    /// Visits the pieces in the order of the text until `visit` returns false or the text is complete.
    func forEachPiece(_ visit: (Piece) -> Bool) {
        // A chomped block scalar is a prefix of the kept one, so the tail needs no rule of its own: stop where the text stops.
        var left = scalar.text.utf8.count
        let bounded: (Piece) -> Bool = { piece in
            guard left > 0 else { return false }
            left -= piece.length
            return visit(piece)
        }
        switch scalar.style {
        case .plain: flow(from: range.lowerBound, to: range.upperBound, bounded)
        case .singleQuoted, .doubleQuoted: flow(from: contentStart, to: range.upperBound - 1, bounded)
        case .literal, .folded: block(bounded)
        case .verbatim:
            _ = visit(Piece(fileOffset: range.lowerBound, fileLength: range.count, length: range.count))
        }
    }

    /// Plain and quoted text (YAML 1.2.2, sections 6.5 and 7.3): line breaks fold, blanks around them vanish.
    private func flow(from start: Int, to end: Int, _ visit: (Piece) -> Bool) {
        var at = start
        while at < end {
            let byte = file[at]
            if byte == UInt8(ascii: "\\"), scalar.style == .doubleQuoted {
                if at + 1 < end, file[at + 1].isLineBreak {
                    let breaks = lineBreaks(from: at + 1, to: end, next: &at).dropFirst()
                    for piece in breaks where !visit(piece) { return }
                    continue
                }
                let piece = escape(at: at, to: end)
                guard visit(piece) else { return }
                at += piece.fileLength
            } else if byte == UInt8(ascii: "'"), scalar.style == .singleQuoted {
                guard visit(Piece(fileOffset: at, fileLength: 2, length: 1)) else { return }
                at += 2
            } else if byte.isBlank || byte.isLineBreak {
                var blanks = at
                while blanks < end, file[blanks].isBlank { blanks += 1 }
                if blanks < end, file[blanks].isLineBreak {
                    let breaks = lineBreaks(from: blanks, to: end, next: &at)
                    // One break is a space; of several the first vanishes.
                    for piece in breaks.count == 1 ? breaks[...] : breaks.dropFirst() where !visit(piece) { return }
                } else {
                    guard visit(Piece(fileOffset: at, fileLength: blanks - at, length: blanks - at)) else { return }
                    at = blanks
                }
            } else {
                let from = at
                while at < end, !isSpecial(file[at]) { at += 1 }
                guard visit(Piece(fileOffset: from, fileLength: at - from, length: at - from)) else { return }
            }
        }
    }

    private func isSpecial(_ byte: UInt8) -> Bool {
        byte.isBlank || byte.isLineBreak || byte == UInt8(ascii: "\\") && scalar.style == .doubleQuoted
            || byte == UInt8(ascii: "'") && scalar.style == .singleQuoted
    }

    /// The breaks from `start` on, with the blanks between them passed over; `next` becomes the first byte after them.
    private func lineBreaks(from start: Int, to end: Int, next: inout Int) -> [Piece] {
        var breaks: [Piece] = []
        var at = start
        while at < end, file[at].isBlank || file[at].isLineBreak {
            let length = breakLength(at: at)
            if length > 0 { breaks.append(Piece(fileOffset: at, fileLength: length, length: 1)) }
            at += max(length, 1)
        }
        next = at
        return breaks
    }

    private func breakLength(at offset: Int) -> Int {
        guard offset < file.count, file[offset].isLineBreak else { return 0 }
        return file[offset] == 0x0D && offset + 1 < file.count && file[offset + 1] == 0x0A ? 2 : 1
    }

    /// One escape sequence (YAML 1.2.2, section 5.7).
    private func escape(at offset: Int, to end: Int) -> Piece {
        guard offset + 1 < end else { return Piece(fileOffset: offset, fileLength: 1, length: 1) }
        let digits: Int
        switch file[offset + 1] {
        case UInt8(ascii: "x"): digits = 2
        case UInt8(ascii: "u"): digits = 4
        case UInt8(ascii: "U"): digits = 8
        case UInt8(ascii: "N"), UInt8(ascii: "_"): return Piece(fileOffset: offset, fileLength: 2, length: 2)
        case UInt8(ascii: "L"), UInt8(ascii: "P"): return Piece(fileOffset: offset, fileLength: 2, length: 3)
        default: return Piece(fileOffset: offset, fileLength: 2, length: 1)
        }
        let hexadecimal = file[min(offset + 2, end)..<min(offset + 2 + digits, end)]
        let code = UInt32(String(decoding: hexadecimal, as: UTF8.self), radix: 16)
        let length = code.flatMap(Unicode.Scalar.init).map { UTF8.width($0) } ?? 1
        return Piece(fileOffset: offset, fileLength: 2 + hexadecimal.count, length: length)
    }
}

// MARK: - Block scalars

extension ScalarLayout {
    /// The first byte after the line of the `|` or `>`.
    private var headerEnd: Int {
        var at = range.lowerBound
        while at < file.count, !file[at].isLineBreak { at += 1 }
        return at + breakLength(at: at)
    }

    /// How many spaces of each line are indentation.
    ///
    /// The first character of the text that is neither space nor break is also the first such character of the file after the header;
    /// the spaces before it in the file and not in the text are indentation. This holds with and without an indentation indicator.
    private var indentation: Int {
        var inFile = 0
        var at = headerEnd
        while at < file.count, file[at] == 0x20 || file[at].isLineBreak {
            inFile = file[at] == 0x20 ? inFile + 1 : 0
            at += 1
        }
        var inText = 0
        for byte in scalar.text.utf8 {
            guard byte == 0x20 || byte.isLineBreak else { break }
            inText = byte == 0x20 ? inText + 1 : 0
        }
        return max(0, inFile - inText)
    }

    /// Literal and folded text (YAML 1.2.2, section 8.1), each break once, as `keep` chomping would have it.
    private func block(_ visit: (Piece) -> Bool) {
        let indentation = self.indentation
        var at = headerEnd
        var pending: [Piece] = []
        var isFirst = true
        var wasIndented = false
        while at < file.count {
            let lineStart = at
            while at < file.count, at - lineStart < indentation, file[at] == 0x20 { at += 1 }
            if at >= file.count { break }
            let length = breakLength(at: at)
            if length > 0 {
                pending.append(Piece(fileOffset: at, fileLength: length, length: 1))
                at += length
                continue
            }
            guard at - lineStart == indentation else { break }
            // Between two lines that begin with text one break is a space, and of several the first vanishes.
            let folds = scalar.style == .folded && !isFirst && !wasIndented && !file[at].isBlank
            for piece in folds && pending.count > 1 ? pending.dropFirst() : pending[...] where !visit(piece) { return }
            pending = []
            isFirst = false
            wasIndented = file[at].isBlank
            let from = at
            while at < file.count, !file[at].isLineBreak { at += 1 }
            guard visit(Piece(fileOffset: from, fileLength: at - from, length: at - from)) else { return }
            let end = breakLength(at: at)
            guard end > 0 else { break }
            pending.append(Piece(fileOffset: at, fileLength: end, length: 1))
            at += end
        }
        for piece in pending where !visit(piece) { return }
    }
}
