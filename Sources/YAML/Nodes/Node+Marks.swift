extension Node {
    /// Where a byte of a scalar's text stands in the file.
    ///
    /// `offset` counts UTF-8 bytes of `Scalar.text`. Escapes, folded lines and the indentation of block scalars are followed back to
    /// what the file has. An offset at or past the end gives the place after the last character. A sequence or mapping gives its start.
    public func mark(atUTF8Offset offset: Int, in source: Source) -> Mark {
        guard case .scalar(let scalar) = content else { return span.start }
        return source.mark(atByte: fileOffset(of: offset, text: scalar, in: source))
    }

    private func fileOffset(of offset: Int, text scalar: Scalar, in source: Source) -> Int {
        var text = source.text
        return text.withUTF8 { file in
            let layout = ScalarLayout(scalar, file: file, range: bytes.clamped(to: 0..<file.count))
            var passed = 0
            var place = layout.contentStart
            layout.forEachPiece { piece in
                guard offset >= passed + piece.length else {
                    // A piece that reads as it is written is followed byte by byte.
                    let inside = piece.length == piece.fileLength ? max(0, offset - passed) : 0
                    place = piece.fileOffset + inside
                    return false
                }
                passed += piece.length
                place = piece.fileOffset + piece.fileLength
                return true
            }
            return place
        }
    }
}
