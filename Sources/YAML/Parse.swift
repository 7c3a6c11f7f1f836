/// Reads a file as one YAML document, strictly.
///
/// Beside what YAML 1.2 itself forbids, these are errors: duplicate keys, keys that are not scalars, merge keys, unknown tags and anchors,
/// tabs as indentation, a second document, and whatever exceeds the limits. The core schema gives plain scalars their meaning.
///
/// Returns nil for an empty document, which is no error, and when the text cannot be read at all, which is. After other errors the tree
/// is returned, so that its reader can report more.
public func parse(_ source: Source, limits: Limits = .standard, into diagnostics: Diagnostics) -> Node? {
    guard Preflight(source: source, limits: limits).passes(into: diagnostics) else { return nil }
    var composer = Composer(source, limits: limits, diagnostics: diagnostics)
    return composer.document()
}

/// What is wrong with a file before it is read as YAML.
private struct Preflight {
    let source: Source
    let limits: Limits

    func passes(into diagnostics: Diagnostics) -> Bool {
        let size = source.text.utf8.count
        guard size <= limits.bytes else {
            diagnostics.report(
                "yaml.file-too-large",
                "the file has \(size) bytes; at most \(limits.bytes) are read",
                at: Span(Mark(line: 1, column: 1)),
                help: "split it into several files"
            )
            return false
        }
        if let offset = source.invalidByte {
            let isUTF16 = offset == 0 && source.text.utf8.count > 1
            diagnostics.report(
                "yaml.invalid-utf8",
                "the file is not UTF-8",
                at: Span(source.mark(atByte: offset)),
                help: isUTF16
                    ? "save the file as UTF-8; it looks like UTF-16 or another encoding"
                    : "save the file as UTF-8; this byte belongs to another encoding, such as Latin-1"
            )
            return false
        }
        if !source.isASCII, let (offset, name) = foreignLineBreak() {
            diagnostics.report(
                "yaml.line-separator",
                "an invisible \(name) stands here, which some YAML readers take for a line break",
                at: Span(source.mark(atByte: offset)),
                help: "delete it, or write it in double quotes as \"\\u\(name.dropFirst(2))\""
            )
            return false
        }
        return true
    }

    /// NEL, LS and PS break lines in YAML 1.1, and so in libyaml, but not in 1.2: marks after them would name the wrong lines.
    private func foreignLineBreak() -> (offset: Int, name: String)? {
        var text = source.text
        return text.withUTF8 { bytes in
            for offset in bytes.indices where bytes[offset] == 0xC2 || bytes[offset] == 0xE2 {
                let rest = bytes[offset...].prefix(3)
                if rest.starts(with: [0xC2, 0x85]) { return (offset, "U+0085") }
                if rest.starts(with: [0xE2, 0x80, 0xA8]) { return (offset, "U+2028") }
                if rest.starts(with: [0xE2, 0x80, 0xA9]) { return (offset, "U+2029") }
            }
            return nil
        }
    }
}
