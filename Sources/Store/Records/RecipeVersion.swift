/// The text of a recipe as runs began with it.
public struct RecipeVersion: Sendable, Hashable {
    /// The text's hash, as runs record it.
    public var hash: String
    /// The text.
    public var source: String

    /// A version.
    public init(hash: String, source: String) {
        self.hash = hash
        self.source = source
    }
}
