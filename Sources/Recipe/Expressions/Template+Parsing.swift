import CEL
import YAML

/// Reads templates and expressions out of scalars, and reports what is wrong at the right place in the file.
struct TemplateParser {
    let diagnostics: Diagnostics
    let programs: ProgramPool

    /// The template in a scalar's text.
    ///
    /// `$` directly before `{{` begins an expression; `$$` there stands for one `$`. The expression ends at the first
    /// `}}` that is outside a CEL string with braces balanced.
    func template(_ text: String, node: Node) -> Template {
        guard text.utf8.contains(UInt8(ascii: "{")) else {
            warnOfBarePath(text, node: node)
            return Template(constant: text)
        }
        warnOfSingleBrace(text, node: node)
        var parts: [Template.Part] = []
        var literal = ""
        var rest = text[...]
        while let braces = rest.firstRange(of: "{{") {
            let dollars = rest[..<braces.lowerBound].utf8.reversed().prefix { $0 == UInt8(ascii: "$") }.count
            literal += rest[..<braces.lowerBound].dropLast(dollars) + String(repeating: "$", count: dollars / 2)
            let offset = text.utf8.distance(from: text.startIndex, to: braces.upperBound)
            guard dollars % 2 == 1 else {
                if dollars == 0, looksLikeExpression(rest[braces.upperBound...]) {
                    diagnostics.report(
                        .warning,
                        "template.missing-dollar",
                        "`{{ … }}` is plain text here",
                        at: span(node, offset - 2..<offset),
                        help: "write `${{ … }}` for an expression"
                    )
                }
                literal += "{{"
                rest = rest[braces.upperBound...]
                continue
            }
            guard let end = ExpressionScanner.end(in: text, from: braces.upperBound) else {
                reportUnclosed(node, offset)
                return Template(constant: text)
            }
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = ""
            if let expression = expression(text[braces.upperBound..<end], node: node, offset: offset) {
                parts.append(.expression(expression))
            }
            rest = text[text.utf8.index(end, offsetBy: 2)...]
        }
        literal += String(rest)
        if !literal.isEmpty { parts.append(.text(literal)) }
        return Template(parts: parts, isAlone: isAlone(parts))
    }

    /// The expression in a scalar that is CEL whether or not `${{ }}` is around it (`if`, `foreach`, …).
    func bareExpression(_ text: String, node: Node) -> Expression? {
        let inner = text.drop { $0.isWhitespace }
        guard inner.hasPrefix("${{") else { return expression(text[...], node: node, offset: 0) }
        let start = inner.utf8.index(inner.startIndex, offsetBy: 3)
        let offset = text.utf8.distance(from: text.startIndex, to: start)
        guard let end = ExpressionScanner.end(in: text, from: start) else {
            reportUnclosed(node, offset)
            return nil
        }
        let behind = text.utf8.index(end, offsetBy: 2)
        guard text[behind...].allSatisfy(\.isWhitespace) else {
            let from = text.utf8.distance(from: text.startIndex, to: behind)
            diagnostics.report(
                "template.not-alone",
                "text follows the expression",
                at: span(node, from..<text.utf8.count),
                help: "put the whole condition into one `${{ … }}`"
            )
            return nil
        }
        return expression(text[start..<end], node: node, offset: offset)
    }

    private func expression(_ text: Substring, node: Node, offset: Int) -> Expression? {
        let inner = text.drop { $0.isWhitespace }
        guard !inner.isEmpty else {
            diagnostics.report(
                "expression.empty",
                "the expression is empty",
                at: span(node, offset..<offset + text.utf8.count),
                help: "write an expression, for example `${{ inputs.name }}`"
            )
            return nil
        }
        let start = offset + text.utf8.distance(from: text.startIndex, to: inner.startIndex)
        do {
            let program = try programs.program(String(inner))
            return Expression(program: program, node: node, source: diagnostics.source, offset: start)
        } catch {
            let range = start + error.range.lowerBound..<start + error.range.upperBound
            diagnostics.report("expression.syntax", error.message, at: span(node, range), help: error.help)
            return nil
        }
    }

    /// `offset` is the byte behind the opening braces.
    private func reportUnclosed(_ node: Node, _ offset: Int) {
        diagnostics.report(
            "template.unclosed",
            "`${{` is never closed",
            at: span(node, offset - 3..<offset),
            help: "end the expression with `}}`"
        )
    }

    private func span(_ node: Node, _ range: Range<Int>) -> Span {
        let source = diagnostics.source
        return Span(
            start: node.mark(atUTF8Offset: range.lowerBound, in: source),
            end: node.mark(atUTF8Offset: range.upperBound, in: source)
        )
    }

    private func isAlone(_ parts: [Template.Part]) -> Bool {
        var expressions = 0
        for part in parts {
            switch part {
            case .expression: expressions += 1
            case .text(let text): guard text.allSatisfy(\.isWhitespace) else { return false }
            }
        }
        return expressions == 1
    }

    /// `actions.list.body` alone in a value is a slip: it is the text, and not what it names.
    private func warnOfBarePath(_ text: String, node: Node) {
        guard text.utf8.count <= 200, let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return }
        let members: Set<Substring>?
        switch text[..<dot] {
        case "actions", "inputs", "vars": members = nil
        case "response": members = ["body", "status", "headers"]
        default: return
        }
        let isPath = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "["),
                UInt8(ascii: "]"), UInt8(ascii: "?"):
                true
            default: false
            }
        }
        let member = text[text.index(after: dot)...].prefix { $0 != "." && $0 != "[" }
        guard isPath, let first = member.first, first.isLetter || first == "_", members?.contains(member) ?? true,
            !Self.endings.contains(member), text.utf8.last != UInt8(ascii: ".")
        else { return }
        diagnostics.report(
            .warning,
            "template.bare-path",
            "`\(text)` is plain text here",
            at: span(node, 0..<text.utf8.count),
            help: "write `${{ \(text) }}` for what it names"
        )
    }

    /// With these, `inputs.csv` is a file.
    private static let endings: Set<Substring> = [
        "csv", "env", "gz", "html", "json", "jsonl", "log", "md", "pdf", "tar", "tsv", "txt", "xml", "yaml", "yml",
        "zip",
    ]

    /// Whether `${` stands somewhere with anything but a third brace behind it: for most texts all that has to be asked.
    private static func hasSingleBrace(_ text: String) -> Bool {
        var (last, before): (UInt8, UInt8) = (0, 0)
        for byte in text.utf8 {
            if last == UInt8(ascii: "{"), before == UInt8(ascii: "$"), byte != UInt8(ascii: "{") { return true }
            (last, before) = (byte, last)
        }
        return false
    }

    /// `${ inputs.name }` is a slip; other texts between such braces are the shell's.
    private func warnOfSingleBrace(_ text: String, node: Node) {
        guard Self.hasSingleBrace(text) else { return }
        var rest = text[...]
        while let opening = rest.firstRange(of: "${") {
            let before = rest[..<opening.lowerBound].last
            let inner = rest[opening.upperBound...]
            rest = inner
            guard inner.first != "{", before != "$" else { continue }
            let name = inner.drop { $0.isWhitespace }.prefix { $0.isLetter || $0 == "_" }
            guard VariableName.all.contains(String(name)), inner[name.endIndex...].first == "." else { continue }
            let offset = text.utf8.distance(from: text.startIndex, to: opening.lowerBound)
            diagnostics.report(
                .warning,
                "template.single-brace",
                "`${ … }` is plain text here",
                at: span(node, offset..<offset + 2),
                help: "write `${{ … }}` for an expression"
            )
        }
    }

    /// `{{ inputs.name }}` without a dollar sign is a slip; `{{` in running text mostly is not.
    private func looksLikeExpression(_ text: Substring) -> Bool {
        let name = text.drop { $0.isWhitespace }.prefix { $0.isLetter || $0 == "_" }
        return VariableName.all.contains(String(name))
    }
}
