/// Keys, colons, quotes and brackets that do not fit together.
extension SyntaxExplanation {
    var structure: Finding? {
        switch problem.problem {
        case "mapping values are not allowed in this context": unexpectedColon
        case "could not find expected ':'": missingColon
        case "found unexpected end of stream", "found unexpected document indicator": unclosedQuote
        case "did not find expected key", "did not find expected '-' indicator": afterValue ?? indentation
        case "did not find expected ',' or ']'", "did not find expected ',' or '}'": insideBrackets
        case "did not find expected node content": missingContent
        case "did not find expected <document start>": afterDocument
        default: nil
        }
    }

    // MARK: Colons

    private var unexpectedColon: Finding {
        let shape = shape(line: line)
        guard shape.colon == column else { return colonInValue(shape) }
        if let quote = unclosedQuoteBefore { return quote }
        let key = shape.key ?? ""
        var above = line
        while let (number, other) = contentLine(above: above) {
            if let tight = other.tightColon { return tightColon(line: number, tight, other) }
            guard let sibling = other.key else {
                if other.isItem { break }
                above = number
                continue
            }
            return Finding(
                "yaml.indentation",
                "`\(key)` is indented deeper than `\(sibling)` above it, which already has a value",
                at: span(line: line, column: shape.itemStart, length: key.unicodeScalars.count),
                help: "begin `\(key)` in column \(other.itemStart + 1), under `\(sibling)`"
            )
        }
        return Finding(
            "yaml.unexpected-colon",
            "`\(key):` cannot be a key here: a value stands before it",
            at: span(line: line, column: shape.itemStart, length: key.unicodeScalars.count),
            help: "check the indentation and the line before; if text is meant, put the whole of it in quotes"
        )
    }

    private func colonInValue(_ shape: LineShape) -> Finding {
        let value = shape.value
        let isExpression = value.contains("${{")
        return Finding(
            isExpression ? "yaml.colon-in-expression" : "yaml.colon-in-value",
            isExpression
                ? "`: ` in an unquoted expression starts a mapping to YAML"
                : "`: ` in an unquoted value starts a mapping to YAML",
            at: span(line: line, column: column),
            help: trail.openFlow == nil
                ? "put the whole value in quotes: \(LineShape.quoted(value))" : "put the whole value in quotes"
        )
    }

    private func tightColon(line: Int, _ colon: Int, _ shape: LineShape) -> Finding {
        let key = shape.wholeText(from: shape.itemStart).prefix { $0 != ":" }
        let value = shape.text(from: colon + 1)
        return Finding(
            "yaml.space-after-colon",
            "a space is missing after the colon",
            at: span(line: line, column: colon),
            help: "write `\(key): \(value)`"
        )
    }

    private var missingColon: Finding {
        let from = problem.contextPosition
        let shape = shape(line: from.line)
        if let tight = shape.tightColon { return tightColon(line: from.line, tight, shape) }
        let text = shape.text(from: from.column)
        if let (header, isDeeper) = blockScalar(above: from.line, column: from.column) {
            return Finding(
                "yaml.block-scalar",
                "this line is indented less than the block of text that began on line \(header + 1)",
                at: span(line: from.line, from: from.column),
                help: isDeeper
                    ? "indent it as far as the first line of that text, or write `key: value`" : "write `key: value`"
            )
        }
        return Finding(
            "yaml.missing-colon",
            "a mapping needs `key: value`, and this line has no colon",
            at: span(line: from.line, from: from.column),
            help: "write `\(text): …`; if it continues the value above, indent it deeper than that key"
        )
    }

    /// The line of a `|` or `>` whose text seems to end just above `line`.
    private func blockScalar(above line: Int, column: Int) -> (header: Int, isDeeper: Bool)? {
        guard let (first, text) = contentLine(above: line), text.contentStart > column else { return nil }
        var at = first
        while let (number, shape) = contentLine(above: at) {
            at = number
            guard shape.contentStart < text.contentStart else { continue }
            let value = shape.value
            guard value.first == "|" || value.first == ">", value.count <= 3 else { return nil }
            return (number, shape.contentStart < column)
        }
        return nil
    }

    // MARK: Quotes

    private var unclosedQuote: Finding? {
        guard problem.context == "while scanning a quoted scalar" else { return nil }
        return openQuote(at: problem.contextPosition, closing: nil)
    }

    /// A quoted scalar over several lines with text right after it: the quote that closed it was meant to open the next one.
    private var unclosedQuoteBefore: Finding? {
        guard let last = trail.lastScalar, last.style.isQuoted, last.end.line > last.start.line else { return nil }
        return openQuote(at: last.start, closing: last.end.line)
    }

    private func openQuote(at start: Event.Position, closing line: Int?) -> Finding {
        let sign = scalar(line: start.line, column: start.column) ?? "\""
        let name = sign == "'" ? "single" : "double"
        let text = shape(line: start.line).text(from: start.column)
        let end = line.map { "only on line \($0 + 1)" } ?? "nowhere"
        return Finding(
            "yaml.unclosed-quote",
            "this \(name) quote is closed \(end)",
            at: span(line: start.line, from: start.column),
            help: "close it on this line: \(text)\(sign)"
        )
    }

    private var afterValue: Finding? {
        if let last = trail.lastScalar, last.style.isQuoted, last.end.line == line, last.end.column <= column {
            if let unclosed = unclosedQuoteBefore { return unclosed }
            let whole = shape(line: line).text(from: last.start.column)
            return Finding(
                "yaml.text-after-quote",
                "text follows the closing quote",
                at: span(line: line, from: column),
                help: last.style == .singleQuoted && last.end.column == column
                    ? "inside single quotes write `''` for a quote, or use double quotes around the whole value"
                    : "put the whole value in quotes: \(LineShape.quoted(whole))"
            )
        }
        guard let last = trail.lastFlow, last.end.line == line, last.end.column <= column else { return nil }
        let character = scalar(line: line, column: column)
        if character == "]" || character == "}" {
            return Finding(
                "yaml.unexpected-bracket",
                "this `\(character ?? "]")` closes nothing",
                at: here,
                help: "remove it, or open it before"
            )
        }
        let isOneLine = last.start.line == line
        let whole = isOneLine ? shape(line: line).text(from: last.start.column) : ""
        return Finding(
            "yaml.text-after-bracket",
            "text follows the closing bracket of a list or mapping",
            at: span(line: line, from: column),
            help: whole.hasPrefix("{{")
                ? "write an expression as \"${{ … }}\", in quotes"
                : isOneLine ? "if text is meant, put the whole value in quotes: \(LineShape.quoted(whole))" : nil
        )
    }

    // MARK: Indentation

    private var indentation: Finding? {
        let shape = shape(line: line)
        guard shape.contentStart == column else { return nil }
        if shape.colon == column {
            return Finding("yaml.empty-key", "a key is missing before `:`", at: here, help: "write `name: value`")
        }
        let wantsItem = problem.problem == "did not find expected '-' indicator"
        if shape.isItem, !wantsItem, problem.contextPosition.column == column {
            return Finding(
                "yaml.mixed-collection",
                "a list item stands among the keys of a mapping",
                at: span(line: line, from: column),
                help: "put the list under a key of its own, or write `key: value`"
            )
        }
        if wantsItem, problem.contextPosition.column >= column, !shape.isItem {
            return Finding(
                "yaml.mixed-collection",
                "a key stands among the items of a list",
                at: span(line: line, from: column),
                help: "begin the line with `- `, or put the list under a key of its own"
            )
        }
        let name = shape.isItem ? "this item" : shape.key.map { "`\($0)`" } ?? "this line"
        return Finding(
            "yaml.indentation",
            "the indentation of \(name) fits nothing above it",
            at: span(line: line, column: column, length: (shape.key ?? "-").unicodeScalars.count),
            help: neighbours(of: shape).map { "begin \(name) in \($0)" } ?? (shape.isItem ? orphanMend : nil)
        )
    }

    /// What to do about an item that no other item stands above.
    private var orphanMend: String? {
        guard var (first, shape) = contentLine(above: line) else { return nil }
        guard shape.contentStart > column else {
            return "write a key without a value on a line before it, such as `actions:`"
        }
        // The first line of what stands deeper is the item that lacks its dash.
        while let (number, other) = contentLine(above: first), other.contentStart > column {
            (first, shape) = (number, other)
        }
        let text = shape.text(from: shape.contentStart)
        let shown = text.utf8.count <= 40 ? "write it as `- \(text)`" : "begin it with `- `"
        return "if line \(first + 1) begins an item too, \(shown), in column \(column + 1)"
    }

    /// The columns of the lines above that this one could stand under: the next deeper one and the next outer one.
    private func neighbours(of shape: LineShape) -> String? {
        var deeper: String?
        var at = line
        while let (number, other) = contentLine(above: at) {
            at = number
            let starts = [other.itemStart, other.contentStart]
            let name = shape.isItem ? "the item on line \(number + 1)" : "`\(other.key ?? "-")`"
            let candidates =
                shape.isItem ? (other.isItem ? [other.contentStart] : []) : (other.key == nil ? [] : [starts[0]])
            for start in candidates where start != column {
                let text = "column \(start + 1), under \(name)"
                if start > column {
                    deeper = deeper ?? text
                } else {
                    return deeper.map { "\($0), or in \(text)" } ?? text
                }
            }
        }
        return deeper
    }

    // MARK: Brackets

    private var insideBrackets: Finding? {
        if let expression = bareExpression { return expression }
        let open = problem.contextPosition
        if isAtEndOfFile || startsOuterLine(open) { return unclosedBracket(open) }
        let close = problem.problem.contains("]") ? "]" : "}"
        return Finding(
            "yaml.missing-comma",
            "a comma or `\(close)` is missing before this",
            at: span(line: line, column: column),
            help: "separate the items with commas, and put text that holds , [ ] { } or quotes into quotes"
        )
    }

    /// `[ ${{ x }} ]`: the first brace ends the plain text `$`.
    private var bareExpression: Finding? {
        guard scalar(line: line, column: column) == "{", scalar(line: line, column: column - 1) == "$" else {
            return nil
        }
        let shape = shape(line: line)
        let rest = shape.wholeText(from: column - 1)
        let end = rest.range(ofFirst: "}}")
        let expression = end.map { String(rest[..<$0]) } ?? "${{ … }}"
        return Finding(
            "yaml.expression-in-flow",
            "an expression inside [ ] or { } must be in quotes",
            at: span(line: line, column: column - 1, length: end == nil ? 3 : expression.unicodeScalars.count),
            help: "write \(LineShape.quoted(expression))"
        )
    }

    /// Whether the problem stands on a line that begins no deeper than the line of the bracket: the file went on without closing it.
    private func startsOuterLine(_ open: Event.Position) -> Bool {
        guard line > open.line else { return false }
        let here = shape(line: line)
        let first = scalar(line: line, column: here.contentStart)
        return here.contentStart <= shape(line: open.line).contentStart && first != "]" && first != "}"
    }

    private func unclosedBracket(_ open: Event.Position) -> Finding {
        let sign = scalar(line: open.line, column: open.column) ?? "["
        let close = sign == "{" ? "}" : "]"
        return Finding(
            "yaml.unclosed-bracket",
            "this `\(sign)` is never closed",
            at: span(line: open.line, from: open.column),
            help: "add `\(close)` after the last item"
        )
    }

    private var missingContent: Finding? {
        if isAtEndOfFile || trail.openFlow.map(startsOuterLine) == true, let open = trail.openFlow {
            return unclosedBracket(open)
        }
        guard let character = scalar(line: line, column: column) else { return nil }
        let isBracket = character == "]" || character == "}"
        return Finding(
            isBracket ? "yaml.unexpected-bracket" : "yaml.reserved-character",
            isBracket
                ? "this `\(character)` closes nothing" : "`\(character)` cannot begin an unquoted value",
            at: here,
            help: isBracket && trail.openFlow != nil ? "remove it, or the comma before it" : inQuotes(from: column)
        )
    }

    // MARK: Documents

    private var afterDocument: Finding {
        if let finding = afterValue { return finding }
        let isSecond = contentLine(above: line)?.shape.wholeText(from: 0).hasPrefix("...") ?? false
        return Finding(
            isSecond ? "yaml.several-documents" : "yaml.text-after-document",
            isSecond ? "a second document begins here; a file holds one" : "the document ends before this line",
            at: span(line: line, from: column),
            help: isSecond
                ? "remove the `...`, or move what follows into a file of its own"
                : "put everything under keys that begin in column 1"
        )
    }
}

extension Scalar.Style {
    /// Whether the scalar stands in quotes.
    var isQuoted: Bool { self == .singleQuoted || self == .doubleQuoted }
}

extension String {
    /// Just after the first `needle`; nil without one.
    fileprivate func range(ofFirst needle: String) -> String.Index? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(needle) { return index(at, offsetBy: needle.count) }
            at = index(after: at)
        }
        return nil
    }
}
