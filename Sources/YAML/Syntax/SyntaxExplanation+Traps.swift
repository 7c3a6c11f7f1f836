/// Characters that mean something to YAML and nothing to whoever wrote them.
extension SyntaxExplanation {
    var trap: Finding? {
        switch problem.problem {
        case "found character that cannot start any token": reservedCharacter
        case "found a tab character that violates indentation",
            "found a tab character where an indentation space is expected":
            tab
        case "did not find expected alphabetic or numeric character": aliasOrAnchor
        case _ where problem.context == "while scanning a tag" || problem.problem == "found undefined tag handle": tag
        case "mapping keys are not allowed in this context": questionMark
        case "block sequence entries are not allowed in this context": listOnKeyLine
        case "found unknown escape character", "did not find expected hexdecimal number",
            "found invalid Unicode character escape code":
            escape
        case _ where problem.context == "while scanning a block scalar": blockHeader
        case _ where problem.context.hasPrefix("while scanning a %") || problem.context == "while scanning a directive":
            directive
        case "found incompatible YAML document", "found duplicate %YAML directive", "found duplicate %TAG directive":
            directive
        default: nil
        }
    }

    private var tab: Finding {
        let shape = shape(line: line)
        let place = shape.column(of: "\t", from: 0).flatMap { $0 < shape.contentStart ? $0 : nil } ?? column
        return Finding(
            "yaml.tab",
            "a tab cannot be indentation",
            at: span(line: line, column: place),
            help: "indent with spaces"
        )
    }

    private var reservedCharacter: Finding? {
        guard let character = scalar(line: line, column: column) else { return nil }
        if character == "\t" { return tab }
        return Finding(
            "yaml.reserved-character",
            "`\(character)` cannot begin an unquoted value: YAML reserves it",
            at: span(line: line, from: column),
            help: inQuotes(from: column)
        )
    }

    /// `*` and `&` with something after them that is no name: an asterisk of a schedule, an operator.
    private var aliasOrAnchor: Finding {
        let from = problem.contextPosition
        let shape = shape(line: from.line)
        // `!x && y`: the first thing that YAML took for its own is the tag.
        if shape.valueStart < from.column, scalar(line: from.line, column: shape.valueStart) == "!" { return tag }
        let sign = scalar(line: from.line, column: from.column) ?? "*"
        let what = sign == "*" ? "an alias" : "an anchor"
        return Finding(
            sign == "*" ? "yaml.asterisk" : "yaml.ampersand",
            "`\(sign)` at the beginning of an unquoted value is \(what) to YAML, and no name follows it",
            at: span(line: from.line, from: from.column),
            help: inQuotes(line: from.line, from: from.column)
        )
    }

    private var tag: Finding {
        let from = problem.contextPosition
        let shape = shape(line: from.line)
        let start = scalar(line: from.line, column: shape.valueStart) == "!" ? shape.valueStart : from.column
        return Finding(
            "yaml.unknown-tag",
            "a value that begins with `!` is a tag to YAML",
            at: span(line: from.line, from: start),
            help: "if an expression or text is meant, put the whole value in quotes: "
                + LineShape.quoted(shape.text(from: start))
        )
    }

    private var questionMark: Finding {
        Finding(
            "yaml.reserved-character",
            "`? ` at the beginning of an unquoted value starts a key to YAML",
            at: span(line: line, from: column),
            help: inQuotes(from: column)
        )
    }

    private var listOnKeyLine: Finding {
        let shape = shape(line: line)
        let item = shape.text(from: min(column + 1, shape.scalars.count)).drop { $0 == " " }
        return Finding(
            "yaml.list-on-key-line",
            "a list cannot begin on the line of its key",
            at: span(line: line, from: column),
            help: item.isEmpty
                ? "begin it on the next line, or write [] for an empty list, or \"-\" for a dash"
                : "begin it on the next line (`- \(item)`); if text is meant, put it in quotes: \(LineShape.quoted("- \(item)"))"
        )
    }

    private var escape: Finding {
        // libyaml points behind the sequence for a wrong digit, and at the backslash otherwise.
        let shape = shape(line: line)
        let end = min(column + 1, shape.scalars.count)
        let slash = shape.scalars[..<end].lastIndex(of: "\\") ?? column
        let letter = slash + 1 < shape.scalars.count ? String(shape.scalars[slash + 1]) : ""
        let isHexadecimal = ["x", "u", "U"].contains(letter)
        let digits = letter == "x" ? 2 : letter == "u" ? 4 : 8
        return Finding(
            "yaml.unknown-escape",
            isHexadecimal
                ? "`\\\(letter)` in double quotes is followed by \(digits) hexadecimal digits of a character"
                : "`\\\(letter)` means nothing in double quotes",
            at: span(line: line, column: slash, length: 2),
            help: "for a backslash write `\\\\`, or use single quotes, which know no escapes"
        )
    }

    private var blockHeader: Finding? {
        guard problem.problem != "found unexpected end of stream" else { return nil }
        let from = problem.contextPosition
        let shape = shape(line: from.line)
        let sign = scalar(line: from.line, column: from.column) ?? "|"
        return Finding(
            "yaml.block-scalar",
            "`\(sign)` at the beginning of a value starts a block of text on the next line, and more follows on this one",
            at: span(line: line, from: column),
            help: "move the text to the next line, or put the whole value in quotes: "
                + LineShape.quoted(shape.text(from: from.column))
        )
    }

    private var directive: Finding {
        let from = problem.context.isEmpty ? problem.position : problem.contextPosition
        return Finding(
            "yaml.directive",
            "a line that begins with `%` is a directive, and YAML 1.2 does not know this one",
            at: span(line: from.line, from: from.column),
            help: "remove the line: no directive is needed"
        )
    }

    /// The mend for a value that YAML takes for something else; in a flow collection the end of the value is anyone's guess.
    func inQuotes(line: Int? = nil, from column: Int) -> String {
        guard trail.openFlow == nil else { return "put the value in quotes" }
        let shape = shape(line: line ?? self.line)
        let text = LineShape.quoted(shape.text(from: column))
        guard let key = shape.key, column == shape.valueStart else { return "put the value in quotes: \(text)" }
        return "put the value in quotes: `\(key): \(text)`"
    }
}
