public import CEL
public import Schedule

/// How far an action came.
public enum ActionStatus: String, Sendable, Hashable, CaseIterable {
    /// Its effect may be under way: the mark of `Store.begin`.
    case started
    /// Done; its result is a checkpoint.
    case succeeded
    /// Ended by an error.
    case failed
    /// Its `if` did not hold.
    case skipped
}

/// What an action failed of, as recipes see it in `error`.
///
/// Plain at rest: redact before.
public struct ErrorRecord: Sendable, Hashable {
    /// The id path of the action.
    public var action: String?
    /// A word for the kind, such as `network`, `timeout`, `status` or `expression`.
    public var kind: String
    /// One sentence.
    public var message: String
    /// The HTTP status, if there was an answer.
    public var status: Int?
    /// Which attempt it was, from 1.
    public var attempt: Int?

    /// An error.
    public init(action: String? = nil, kind: String, message: String, status: Int? = nil, attempt: Int? = nil) {
        self.action = action
        self.kind = kind
        self.message = message
        self.status = status
        self.attempt = attempt
    }
}

/// An item of a `foreach` with `dedupe`.
public struct DoneItem: Sendable, Hashable {
    /// What makes it the same as another one of this action; only a keyed digest of it is stored.
    public var key: String
    /// Until when it is not done again.
    public var until: Instant

    /// An item.
    public init(key: String, until: Instant) {
        self.key = key
        self.until = until
    }
}

/// Whether a run may do an item of a `foreach` with `dedupe`.
public enum ItemClaim: Sendable, Hashable {
    /// Nobody else does it while this run is live.
    case claimed
    /// It was done, and its time is not over.
    case done
    /// A live run is at work on it.
    case taken
}

/// One action of one run: an intent (`started`) or a checkpoint.
public struct ActionRecord: Sendable, Hashable {
    /// The run.
    public var run: RunID
    /// The id path inside the recipe: `list`, `each/notify`.
    public var path: String
    /// The `foreach` indexes on the way there, joined with dots: empty, `3`, `3.1`.
    public var index: String
    /// How far it came.
    public var status: ActionStatus
    /// Its result; sealed at rest.
    public var result: Value?
    /// The secrets in its result, for processes that never knew them; sealed with it.
    public var secrets: [String] = []
    /// Its error, redacted.
    public var error: ErrorRecord?
    /// How many attempts it took.
    public var attempts: Int
    /// When the first attempt began.
    public var startedAt: Instant
    /// When it ended; nil while it is `started`.
    public var finishedAt: Instant?
    /// Method, host and status of its request, for people: `GET api.example.com 200`.
    ///
    /// Plain at rest.
    public var request: String?
    /// The item of `foreach` that this completes, for runs that must not do it again.
    public var doneItem: DoneItem?

    /// A record; only run, path, status and start have no default.
    public init(
        run: RunID,
        path: String,
        index: String = "",
        status: ActionStatus,
        result: Value? = nil,
        error: ErrorRecord? = nil,
        attempts: Int = 1,
        startedAt: Instant,
        finishedAt: Instant? = nil,
        request: String? = nil
    ) {
        self.run = run
        self.path = path
        self.index = index
        self.status = status
        self.result = result
        self.error = error
        self.attempts = attempts
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.request = request
    }
}

/// Actions inside another one, at one index of it and below.
public struct InnerActions: Sendable, Hashable {
    /// Their paths.
    public var paths: [String]
    /// The paths of actions of which all that is inside belongs to it.
    public var roots: [String]
    /// The index; also those that begin with it and a dot, and all where it is empty.
    public var index: String

    /// Actions.
    public init(paths: [String] = [], below roots: [String] = [], index: String) {
        self.paths = paths
        self.roots = roots
        self.index = index
    }

    /// Whether an action is one of them.
    public func contains(path: String, index: String) -> Bool {
        guard self.index.isEmpty || index == self.index || index.hasPrefix(self.index + ".") else { return false }
        return paths.contains(path) || roots.contains { path.hasPrefix($0 + "/") }
    }
}
