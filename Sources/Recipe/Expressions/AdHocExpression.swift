public import CEL
public import YAML

/// An expression outside any file, or a text with `${{ }}` in it: what a person tries on the command line.
public struct AdHocExpression: Sendable {
    private let content: Content
    private let source: Source

    private enum Content {
        case expression(Expression)
        case template(Template)

        var expressions: [Expression] {
            switch self {
            case .expression(let expression): [expression]
            case .template(let template): template.expressions
            }
        }
    }

    /// A value, and what it took to find it.
    public struct Outcome: Sendable {
        /// The value of the expression.
        public let value: Value
        /// The steps of the evaluation, as the budget of recipes counts them.
        public let steps: Int
    }

    /// Reads and checks an expression; nil when something is wrong with it, which is among the diagnostics.
    ///
    /// The names of `variables` may be used, and what is known of their values is held against the expression.
    public static func read(
        _ text: String,
        variables: ValueMap
    ) -> (expression: AdHocExpression?, diagnostics: [Diagnostic], source: Source) {
        let source = Source(path: "expression", text: text)
        let diagnostics = Diagnostics(source)
        let parser = TemplateParser(diagnostics: diagnostics, programs: ProgramPool())
        let node = Node(verbatim: source)
        let content: Content?
        if text.contains("${{") {
            content = .template(parser.template(text, node: node))
        } else {
            content = parser.bareExpression(text, node: node).map(Content.expression)
        }
        let declarations = Dictionary(
            variables.entries.map { ($0.key.text, Type(of: $0.value)) },
            uniquingKeysWith: { first, _ in first }
        )
        let checker = AdHocChecker(diagnostics: diagnostics, declarations: declarations)
        for expression in content?.expressions ?? [] { checker.check(expression) }
        let result = diagnostics.hasErrors ? nil : content.map { AdHocExpression(content: $0, source: source) }
        return (result, diagnostics.sorted, source)
    }

    /// The value of the expression with these variables.
    ///
    /// Throws a diagnostic with the place and, where it is known, the mend.
    public func evaluate(_ variables: ValueMap) throws(EvaluationFailure) -> Outcome {
        switch content {
        case .expression(let expression): return try evaluate(expression, variables)
        case .template(let template):
            if template.isAlone, let only = template.expressions.first { return try evaluate(only, variables) }
            var text = ""
            var steps = 0
            for part in template.parts {
                switch part {
                case .text(let literal): text += literal
                case .expression(let expression):
                    let outcome = try evaluate(expression, variables)
                    text += outcome.value.text
                    steps += outcome.steps
                }
            }
            return Outcome(value: .string(text), steps: steps)
        }
    }

    private func evaluate(_ expression: Expression, _ variables: ValueMap) throws(EvaluationFailure) -> Outcome {
        do {
            let (value, steps) = try expression.program.measuredEvaluate { variables[$0] }
            return Outcome(value: value, steps: steps)
        } catch {
            let range = error.range ?? 0..<expression.program.source.utf8.count
            throw EvaluationFailure(
                diagnostic: Diagnostic(
                    code: "expression.evaluation",
                    message: error.message,
                    help: error.help,
                    path: source.path,
                    span: expression.span(of: range)
                )
            )
        }
    }

    /// An expression that has no value.
    public struct EvaluationFailure: Error {
        /// What went wrong, where, and the mend.
        public let diagnostic: Diagnostic
    }
}

/// Checks an expression against variables whose values are there, and says what could have been written.
private struct AdHocChecker {
    let diagnostics: Diagnostics
    let declarations: [String: Type]

    func check(_ expression: Expression) {
        for issue in Environment.recipes.check(expression.program, declarations: declarations) {
            diagnostics.report(
                "expression.check",
                issue.message,
                at: expression.span(of: issue.range),
                help: help(issue, expression.program.source)
            )
        }
    }

    private func help(_ issue: CheckIssue, _ source: String) -> String? {
        switch issue.kind {
        case .undeclared:
            guard !declarations.isEmpty else {
                return "no variable is given; --input FILE makes the top-level keys of a YAML or JSON file variables"
            }
            return issue.help ?? "the variables are \(Self.rows(declarations.keys.sorted()))"
        case .undeclaredFunction:
            return issue.help ?? "there are \(Self.rows(Self.functions(like: Self.text(issue.range, of: source))))"
        case .missingField, .noMatchingOverload, .invalid:
            return issue.help
        }
    }

    private static func text(_ range: Range<Int>, of source: String) -> String {
        String(decoding: Array(source.utf8)[range], as: UTF8.self)
    }

    /// The functions in the namespace of one that does not exist, or all.
    private static func functions(like name: String) -> [String] {
        let all = Environment.recipes.functions.keys.sorted()
        guard let dot = name.lastIndex(of: ".") else { return all }
        let inside = all.filter { $0.hasPrefix(name[...dot]) }
        return inside.isEmpty ? all : inside
    }

    /// Names with commas, on lines that fit a terminal.
    private static func rows(_ names: [String]) -> String {
        var rows = [""]
        for name in names {
            if rows[rows.count - 1].utf8.count + name.utf8.count > 96 { rows.append("") }
            rows[rows.count - 1] += (rows[rows.count - 1].isEmpty ? "" : " ") + name
        }
        return (rows.count > 1 ? "\n" : "") + rows.joined(separator: "\n")
    }
}
