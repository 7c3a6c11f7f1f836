extension Composer {
    private static let corePrefix = "tag:yaml.org,2002:"

    /// What a scalar means by its tag, or without one by its style.
    func value(_ text: String, _ style: Scalar.Style, tag: String?, at span: Span, event: Event) -> CoreValue {
        guard let tag, tag != "!" || style != .plain else {
            guard style == .plain, tag == nil else { return .string(text) }
            return resolve(text, at: span)
        }
        if tag == "!" { return .string(text) }
        guard tag.hasPrefix(Self.corePrefix) else {
            refuseTag(tag, event)
            return .string(text)
        }
        let plain = CoreSchema.resolve(text) ?? .string(text)
        switch (tag.dropFirst(Self.corePrefix.count), plain) {
        case ("str", _): return .string(text)
        case ("int", .int), ("float", .double), ("bool", .bool), ("null", .null): return plain
        case ("float", .int(let number)): return .double(Double(number))
        case ("int", _), ("float", _), ("bool", _), ("null", _), ("seq", _), ("map", _):
            diagnostics.report(
                "yaml.wrong-tag",
                "`\(text)` is not what the tag `\(short(tag))` announces",
                at: span,
                help: "remove the tag, or change the value"
            )
        default: refuseTag(tag, event)
        }
        return .string(text)
    }

    private func resolve(_ text: String, at span: Span) -> CoreValue {
        if let value = CoreSchema.resolve(text) { return value }
        diagnostics.report(
            "yaml.number-too-large",
            "the number \(text) does not fit into 64 bits",
            at: span,
            help: "if it is an identifier, put it in quotes: \"\(text)\""
        )
        return .string(text)
    }

    /// Reports a tag on a sequence or mapping that is not its own.
    func refuseWrongTag(_ event: Event, kind: String, found: String) {
        guard let tag = event.tag, tag != "!", tag != Self.corePrefix + kind else { return }
        guard ["str", "int", "float", "bool", "null", "seq", "map"].contains(where: { tag == Self.corePrefix + $0 })
        else {
            return refuseTag(tag, event)
        }
        diagnostics.report(
            "yaml.wrong-tag",
            "the tag `\(short(tag))` announces something else than \(found)",
            at: Span(event.start.mark, length: short(tag).unicodeScalars.count),
            help: "remove the tag"
        )
    }

    /// `if: !x` is a negation to whoever writes it and a tag to YAML.
    private func refuseTag(_ tag: String, _ event: Event) {
        let shape = LineShape(source.line(event.start.line + 1) ?? "")
        let column = shape.column(of: "!", from: event.start.column) ?? event.start.column
        let mark = Mark(line: event.start.line + 1, column: column + 1)
        let value = shape.text(from: column)
        diagnostics.report(
            "yaml.unknown-tag",
            "a value that begins with `!` is a tag to YAML, and there is no tag `\(short(tag))`",
            at: Span(mark, length: short(tag).unicodeScalars.count),
            help: "if an expression or text is meant, put the whole value in quotes: \(LineShape.quoted(value))"
        )
    }

    private func short(_ tag: String) -> String {
        tag.hasPrefix(Self.corePrefix) ? "!!\(tag.dropFirst(Self.corePrefix.count))" : tag
    }

    /// YAML forbids tabs as indentation (1.2.2, section 6.1); libyaml lets some pass.
    func refuseTab(before key: Node) {
        var at = key.bytes.lowerBound - base
        var tab: Int?
        while at > 0, stream.bytes[at - 1].isBlank {
            at -= 1
            if stream.bytes[at] == UInt8(ascii: "\t") { tab = at }
        }
        guard let tab, at == 0 || stream.bytes[at - 1].isLineBreak else { return }
        diagnostics.report(
            "yaml.tab",
            "a tab cannot be indentation",
            at: Span(source.mark(atByte: base + tab)),
            help: "indent with spaces"
        )
    }

    /// A `#` after a blank begins a comment even inside `${{ … }}`.
    func warnOfComment(after range: Range<Int>, text: String, span: Span) {
        var at = range.upperBound - base
        let file = stream.bytes
        guard at < file.count, file[at].isBlank else { return }
        while at < file.count, file[at].isBlank { at += 1 }
        guard at < file.count, file[at] == UInt8(ascii: "#") else { return }
        let hash = source.mark(atByte: base + at)
        let shape = LineShape(source.line(hash.line) ?? "")
        let comment = shape.wholeText(from: hash.column - 1)
        let whole = shape.wholeText(from: hash.line == span.start.line ? span.start.column - 1 : shape.contentStart)
        if text.endsInsideExpression {
            diagnostics.report(
                "yaml.comment-in-expression",
                "` #` begins a comment here, inside an expression that is not closed yet",
                at: Span(hash, length: comment.unicodeScalars.count),
                help: "put the whole value in quotes: \(LineShape.quoted(whole))"
            )
        } else if comment.contains("${{"), comment.dropFirst().first != " " {
            diagnostics.report(
                .warning,
                "yaml.comment-cuts-value",
                "` #` begins a comment here, so this expression is never read",
                at: Span(hash, length: comment.unicodeScalars.count),
                help: "if it belongs to the value, put the whole value in quotes: \(LineShape.quoted(whole))"
            )
        }
    }
}

extension String {
    /// Whether the last `${{` has no `}}` after it.
    var endsInsideExpression: Bool {
        var isOpen = false
        var rest = utf8[...]
        while !rest.isEmpty {
            if !isOpen, rest.starts(with: "${{".utf8) { isOpen = true }
            if isOpen, rest.starts(with: "}}".utf8) { isOpen = false }
            rest = rest.dropFirst()
        }
        return isOpen
    }
}
