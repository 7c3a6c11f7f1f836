/// Why a text is no CEL expression.
public struct SyntaxError: Error, Hashable, Sendable {
    /// What is wrong, one sentence without a full stop.
    public var message: String
    /// What to write instead, where that is known.
    public var help: String?
    /// The place, UTF-8 byte offsets in the expression.
    public var range: Range<Int>

    /// A syntax error; offsets are UTF-8 bytes.
    public init(_ message: String, help: String? = nil, range: Range<Int>) {
        self.message = message
        self.help = help
        self.range = range
    }
}
