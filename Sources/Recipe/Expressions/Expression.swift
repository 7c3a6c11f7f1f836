public import CEL
import YAML

/// A CEL expression and the place in the file that it was read from.
///
/// A class, since it never changes and many hold it: actions, the steps of their plans, templates.
public final class Expression: Sendable {
    /// The compiled expression.
    public let program: Program
    private let node: Node
    private let source: Source
    private let offset: Int

    /// An expression that begins at byte `offset` of a scalar's text.
    init(program: Program, node: Node, source: Source, offset: Int) {
        self.program = program
        self.node = node
        self.source = source
        self.offset = offset
    }

    /// The expression's first character in the file.
    public var place: Place { place(at: 0) }

    /// The range of the whole text, for `span(of:)`.
    var whole: Range<Int> { 0..<program.source.utf8.count }

    /// The place of a byte of the expression's text, as the ranges of CEL's errors count.
    public func place(at byte: Int) -> Place {
        Place(path: source.path, mark: mark(at: byte))
    }

    /// The span in the file of a range of the expression's text.
    func span(of range: Range<Int>) -> Span {
        Span(start: mark(at: range.lowerBound), end: mark(at: max(range.lowerBound, range.upperBound)))
    }

    private func mark(at byte: Int) -> Mark {
        node.mark(atUTF8Offset: offset + byte, in: source)
    }

    /// Evaluates the expression; an error carries the place in the file.
    public func evaluate(in scope: Scope) throws(ExpressionError) -> Value {
        do {
            return try program.evaluate(scope.lookup, limits: scope.limits)
        } catch {
            throw ExpressionError(
                message: error.help.map { "\(error.message); \($0)" } ?? error.message,
                place: place(at: error.range?.lowerBound ?? 0)
            )
        }
    }
}

/// An expression that could not be evaluated, with the place in the file.
public struct ExpressionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, without the values that took part.
    public let message: String
    /// Where the expression stands.
    public let place: Place?

    /// An error of an expression at a place.
    public init(message: String, place: Place?) {
        self.message = message
        self.place = place
    }

    /// Message and place in one line.
    public var description: String {
        place.map { "\(message) (at \($0))" } ?? message
    }
}
