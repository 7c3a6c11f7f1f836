public import CEL
public import Schedule

/// The store's answer to `Store.cancel`.
public enum CancelOutcome: Sendable, Hashable {
    /// It had not begun, or nobody was left who could end it: it is over, and none of its actions follows.
    case cancelled(RunRecord)
    /// It is under way: whoever holds it was asked, and looks when it is told to (`Store.notify`).
    case requested(RunRecord)
    /// It waits in the store, and in nobody's memory: a scheduler ends it when it is told to look.
    case parked(RunRecord)
    /// It is over already.
    case over(RunRecord)
}

/// How a run leaves memory while it waits.
public struct Parking: Sendable, Hashable {
    /// The run.
    public var run: RunID
    /// When it goes on.
    public var until: Instant
    /// How much of its timeout it has used.
    public var spent: Duration
    /// From fire time (plus jitter) to the first action; nil leaves what is recorded.
    public var lateness: Duration?
    /// Actions that were completed since the last checkpoint, and the one that waits.
    public var actions: [ActionRecord]

    /// A parking.
    public init(run: RunID, until: Instant, spent: Duration, lateness: Duration?, actions: [ActionRecord]) {
        self.run = run
        self.until = until
        self.spent = spent
        self.lateness = lateness
        self.actions = actions
    }
}

/// A parked run.
public struct ParkedRun: Sendable, Hashable {
    /// The run.
    public var run: RunID
    /// Its recipe.
    public var recipe: String
    /// When it goes on.
    public var until: Instant

    /// A parked run.
    public init(run: RunID, recipe: String, until: Instant) {
        self.run = run
        self.recipe = recipe
        self.until = until
    }
}

/// A run that was parked, and is the caller's now.
public struct ResumedRun: Sendable, Hashable {
    /// The run, with its new fence.
    public var run: RunRecord
    /// What it was started with.
    public var inputs: Value?
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
