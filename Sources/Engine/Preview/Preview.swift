public import Connections

/// What a run would send, as far as that can be told without sending anything.
public struct Preview: Sendable {
    /// One thing that the run would do.
    public struct Entry: Sendable {
        /// The action's path, and the index of its item in a `foreach`.
        public let action: String
        /// What it depends on, for people: `if ${{ … }}`, `for each of ${{ … }}`.
        public let conditions: [String]
        /// The request, with expressions in place of what only an answer can tell; nil for what sends none.
        public let request: RequestPreview?
        /// What else there is to know, one sentence.
        public let note: String?
        /// Every part of the request is as it would be sent, but for its secrets.
        public let isComplete: Bool
    }

    /// In the order of the run.
    public let entries: [Entry]
    /// The verb `stop` ends the run here, with this reason.
    public let stopReason: String?
    /// What the run would fail of before it sends more.
    public let error: RunError?
}
