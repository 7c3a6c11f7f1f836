public import Schedule

/// The store's answer to `Store.cancel`.
public enum CancelOutcome: Sendable, Hashable {
    /// It had not begun, or nobody was left who could end it: it is over, and none of its actions follows.
    case cancelled(RunRecord)
    /// It is under way: whoever holds it was asked, and looks when it is told to (`Store.notify`).
    case requested(RunRecord)
    /// It is over already.
    case over(RunRecord)
}

/// The wish to let a run that has ended go on.
public struct Reopening: Sendable, Hashable {
    /// Actions whose records go, so that they are done again.
    public struct Action: Sendable, Hashable {
        /// The id path inside the recipe.
        public var path: String
        /// The `foreach` indexes, joined with dots.
        public var index: String

        /// An action, or an item of one.
        public init(path: String, index: String) {
            self.path = path
            self.index = index
        }
    }

    /// The run.
    public var run: RunID
    /// Its present number: another one says that somebody else was faster.
    public var fence: Int64
    /// Who goes on with it.
    public var node: NodeID
    /// When it began, for a run that was ended before it had begun.
    public var now: Instant
    /// What is done again.
    public var forgotten: [Action]

    /// A wish.
    public init(run: RunID, fence: Int64, node: NodeID, now: Instant, forgotten: [Action]) {
        self.run = run
        self.fence = fence
        self.node = node
        self.now = now
        self.forgotten = forgotten
    }
}
