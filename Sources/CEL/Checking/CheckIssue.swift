/// Something that the checker found wrong in an expression.
public struct CheckIssue: Sendable, Hashable {
    /// What kind of mistake it is.
    public enum Kind: Sendable, Hashable {
        /// No variable of this name is declared.
        case undeclared
        /// No function of this name exists.
        case undeclaredFunction
        /// The value is known to have no such field.
        case missingField
        /// The function or operator takes no values of these types.
        case noMatchingOverload
        /// A constant that cannot be right, such as a malformed pattern.
        case invalid
    }

    /// What kind of mistake it is.
    public let kind: Kind
    /// What is wrong, one sentence without a full stop.
    public let message: String
    /// What to write instead, where that is known.
    public let help: String?
    /// The place, UTF-8 byte offsets in the expression.
    public let range: Range<Int>
}
