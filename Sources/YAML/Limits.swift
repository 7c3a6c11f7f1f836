/// How much a document may ask of its reader.
public struct Limits: Sendable {
    /// The size of a file in bytes.
    ///
    /// Default 4 MiB, far above what people write by hand.
    public var bytes: Int
    /// How deep sequences and mappings may nest.
    ///
    /// Default 100.
    public var depth: Int
    /// Nodes after every alias is replaced by what it stands for.
    ///
    /// Default 100,000.
    public var nodes: Int

    /// Makes limits; see each property for its default.
    public init(bytes: Int = 4 << 20, depth: Int = 100, nodes: Int = 100_000) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
    }

    /// The limits for files that people write.
    public static let standard = Limits()
}
