/// Why a text is no JSON (RFC 8259).
public struct JSONError: Error, Hashable, Sendable {
    /// What is wrong, one sentence without a full stop.
    public let message: String
    /// The place in the text, in bytes from 0.
    public let offset: Int
    /// The line, from 1.
    public let line: Int
    /// The column in Unicode scalars, from 1.
    public let column: Int
}
