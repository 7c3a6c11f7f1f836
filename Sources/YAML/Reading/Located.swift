/// A value that was read, with the node that it came from.
public struct Located<T: Sendable>: Sendable {
    /// The value.
    public var value: T
    /// Where it stands.
    public var span: Span
    /// The node, for places inside its text.
    public var node: Node

    /// Pairs a value with its node.
    public init(_ value: T, _ node: Node) {
        self.value = value
        self.span = node.span
        self.node = node
    }
}
