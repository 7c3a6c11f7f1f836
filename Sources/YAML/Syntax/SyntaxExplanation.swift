/// A syntax error of libyaml in words for people, at the place that has to be edited.
struct SyntaxExplanation {
    let problem: SyntaxProblem
    let trail: SyntaxTrail
    let source: Source

    init(_ problem: SyntaxProblem, trail: SyntaxTrail, source: Source) {
        self.problem = problem
        self.trail = trail
        self.source = source
    }

    /// The finished report.
    var diagnostic: Diagnostic {
        let finding = problem.stage == .reader || problem.stage == .memory ? reading : (trap ?? structure ?? plainWords)
        return Diagnostic(
            code: finding.code,
            message: finding.message,
            help: finding.help,
            path: source.path,
            span: finding.span
        )
    }

    /// What the rules below return.
    struct Finding {
        var code: String
        var message: String
        var help: String?
        var span: Span

        init(_ code: String, _ message: String, at span: Span, help: String?) {
            self.code = code
            self.message = message
            self.help = help
            self.span = span
        }
    }

    // MARK: What the rules look at

    /// The place of the problem, offsets from 0.
    var line: Int { problem.position.line }
    var column: Int { problem.position.column }
    var here: Span { Span(problem.position.mark) }

    func shape(line: Int) -> LineShape { LineShape(source.line(line + 1) ?? "") }

    /// The scalar at an offset of a line; nil at the end of it.
    func scalar(line: Int, column: Int) -> Unicode.Scalar? {
        let scalars = shape(line: line).scalars
        return column >= 0 && column < scalars.count ? scalars[column] : nil
    }

    func span(line: Int, column: Int, length: Int = 1) -> Span {
        Span(Mark(line: line + 1, column: column + 1), length: max(length, 1))
    }

    /// From an offset of a line to the end of what stands there, without its comment.
    func span(line: Int, from column: Int) -> Span {
        span(line: line, column: column, length: shape(line: line).text(from: column).unicodeScalars.count)
    }

    /// The nearest line above that has content, and its number from 0.
    func contentLine(above line: Int) -> (line: Int, shape: LineShape)? {
        var at = line - 1
        while at >= 0 {
            let shape = shape(line: at)
            if !shape.isEmpty { return (at, shape) }
            at -= 1
        }
        return nil
    }

    var isAtEndOfFile: Bool {
        (line..<max(source.lineStarts.count, line)).allSatisfy { at in
            let shape = shape(line: at)
            return at == line ? column >= shape.scalars.count || shape.isEmpty : shape.isEmpty
        }
    }

    // MARK: Bytes that are no text

    private var reading: Finding {
        let mark = source.mark(atByte: source.byteOrderMark + problem.offset)
        if problem.problem.hasPrefix("control") {
            let digits = String(problem.value, radix: 16, uppercase: true)
            let name = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            let short = String(repeating: "0", count: max(0, 2 - digits.count)) + digits
            return Finding(
                "yaml.control-character",
                problem.value == 0 ? "the file holds a NUL byte" : "the file holds the control character \(name)",
                at: Span(mark),
                help: problem.value == 0
                    ? "delete it; if the file is UTF-16, save it as UTF-8"
                    : "delete it, or write it in double quotes as \"\\x\(short)\""
            )
        }
        if problem.stage == .memory {
            return Finding("yaml.memory", "there is not enough memory to read the file", at: Span(mark), help: nil)
        }
        return Finding("yaml.invalid-utf8", "the file is not UTF-8", at: Span(mark), help: "save the file as UTF-8")
    }

    /// For what no rule knows: libyaml's own words, at its own place.
    private var plainWords: Finding {
        let context = problem.context.isEmpty ? "" : "\(problem.context), "
        return Finding("yaml.syntax", "this is not YAML: \(context)\(problem.problem)", at: here, help: nil)
    }
}
