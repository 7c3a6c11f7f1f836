public import YAML

/// Where something stands in a file of the workspace.
public struct Place: Sendable, Hashable, CustomStringConvertible {
    /// The file, as it was named to the loader.
    public let path: String
    /// Line and column, both from 1.
    public let mark: Mark

    /// A place in a file.
    public init(path: String, mark: Mark) {
        self.path = path
        self.mark = mark
    }

    /// `path:line:column`.
    public var description: String { "\(path):\(mark.line):\(mark.column)" }
}
