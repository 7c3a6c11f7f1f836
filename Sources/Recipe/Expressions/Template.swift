public import CEL

/// Text with `${{ … }}` expressions in it (DESIGN section 5).
///
/// An expression that is alone in its text keeps its type; inside other text it becomes text.
public struct Template: Sendable {
    /// A stretch of a template.
    enum Part: Sendable {
        case text(String)
        case expression(Expression)
    }

    /// Most templates are text alone, which needs no list.
    private enum Content: Sendable {
        case constant(String)
        case parts([Part], isAlone: Bool)
    }

    private let content: Content

    var parts: [Part] {
        switch content {
        case .constant(let text): text.isEmpty ? [] : [.text(text)]
        case .parts(let parts, _): parts
        }
    }

    /// Only white space surrounds the one expression.
    var isAlone: Bool {
        if case .parts(_, isAlone: true) = content { true } else { false }
    }

    /// The template's text when it holds no expression.
    public var constant: String? {
        if case .constant(let text) = content { text } else { nil }
    }

    /// The expressions in reading order.
    public var expressions: [Expression] {
        guard case .parts(let parts, _) = content else { return [] }
        return parts.compactMap { if case .expression(let expression) = $0 { expression } else { nil } }
    }

    /// A template that is this text and nothing else.
    public init(constant text: String) {
        content = .constant(text)
    }

    init(parts: [Part], isAlone: Bool) {
        if parts.isEmpty {
            content = .constant("")
        } else if parts.count == 1, case .text(let text) = parts[0] {
            content = .constant(text)
        } else {
            content = .parts(parts, isAlone: isAlone)
        }
    }

    /// The value: the expression's own when it is alone, else text.
    public func evaluate(in scope: Scope) throws(ExpressionError) -> Value {
        if isAlone, let only = expressions.first { return try only.evaluate(in: scope) }
        return .string(try text(in: scope))
    }

    /// The template as text.
    public func text(in scope: Scope) throws(ExpressionError) -> String {
        if let constant { return constant }
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): if !isAlone { result += text }
            case .expression(let expression): result += try expression.evaluate(in: scope).text
            }
        }
        return result
    }
}
