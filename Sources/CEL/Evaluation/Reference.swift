/// A free variable of an expression with the constant selections that follow it: `actions.list.body[0]` gives
/// `actions`, `list`, `body`.
public struct Reference: Sendable, Hashable {
    /// The variable, then field names, `.name`, `["name"]` and their optional forms.
    public let path: [String]
    /// Where each component stands, UTF-8 byte offsets in the expression; a key in brackets with its quotes.
    public let ranges: [Range<Int>]
    /// The first component of `path` that is selected with `.?` or `[?`: from there on anything may be absent.
    public let optionalFrom: Int?
    /// Whether the last component is asked for by `has()`.
    public let isTest: Bool

    /// The place of the whole reference.
    public var range: Range<Int> {
        (ranges.first?.lowerBound ?? 0)..<(ranges.last?.upperBound ?? 0)
    }
}
