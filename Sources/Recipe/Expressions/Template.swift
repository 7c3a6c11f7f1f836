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

    let parts: [Part]
    /// Only white space surrounds the one expression.
    let isAlone: Bool

    /// The template's text when it holds no expression.
    public var constant: String? {
        guard !isAlone else { return nil }
        switch parts.count {
        case 0: return ""
        case 1: if case .text(let text) = parts[0] { return text }
        default: break
        }
        return nil
    }

    /// The expressions in reading order.
    public var expressions: [Expression] {
        parts.compactMap { if case .expression(let expression) = $0 { expression } else { nil } }
    }

    /// A template that is this text and nothing else.
    public init(constant text: String) {
        parts = text.isEmpty ? [] : [.text(text)]
        isAlone = false
    }

    init(parts: [Part], isAlone: Bool) {
        self.parts = parts
        self.isAlone = isAlone
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
