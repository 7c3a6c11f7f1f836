public import CEL

/// What the store does with a fire whose recipe still has a live run.
public enum OverlapRule: String, Sendable, Hashable, CaseIterable {
    /// Records the fire as `skipped`, naming the run in the way.
    case skip
    /// Lets the fire wait; one that waits already is recorded as `skipped`.
    case queueOne = "queue_one"
    /// Lets the fire wait behind those that wait already, unless they are `queueLimit`.
    case queue
    /// Asks the runs in the way to end, and lets the fire wait until they have.
    case cancel
    /// Starts it beside the other.
    case allow

    /// So many fires of a recipe wait at most under `queue`: enough for any hiccup, few enough that a recipe which never keeps up is seen.
    public static let queueLimit = 100
}

/// The wish to run one fire.
public struct ClaimRequest: Sendable, Hashable {
    /// The record to insert: status `running` (or `queued`), node set, fence 1.
    public var run: RunRecord
    /// The rule when another run of the recipe is live.
    public var overlap: OverlapRule
    /// What the run is started with; sealed at rest.
    public var inputs: Value?

    /// A request.
    public init(run: RunRecord, overlap: OverlapRule, inputs: Value? = nil) {
        self.run = run
        self.overlap = overlap
        self.inputs = inputs
    }
}

/// The store's answer to a `ClaimRequest`.
public enum ClaimOutcome: Sendable, Hashable {
    /// The fire is the caller's: start the run.
    case claimed(RunRecord)
    /// The fire is the caller's, but another run is in its way: `Store.start` says when its turn has come.
    case waiting(RunRecord, Displacement)
    /// Recorded as skipped, with the reason: start nothing.
    case skipped(RunRecord)
    /// Recorded as paused, with the note: start nothing. Runs that a person asked for are never that.
    case paused(RunRecord)
    /// The fire already has a record, or its record was pruned: start nothing.
    case taken
}

/// What a fire that waits has moved out of its way.
public struct Displacement: Sendable, Hashable {
    /// Fires that waited, whoever held them, and are now recorded as skipped.
    public var replaced: [RunRecord] = []
    /// Runs that were asked to end, whoever holds them.
    public var cancels: [CancelRequest] = []

    /// Nothing was in the way but what is waited for.
    public init() {}
}

/// The wish that a run be cancelled by the node that holds it.
public struct CancelRequest: Sendable, Hashable {
    /// The run.
    public var run: RunID
    /// Why, for people.
    public var reason: String

    /// A request.
    public init(run: RunID, reason: String) {
        self.run = run
        self.reason = reason
    }
}

/// Whether a queued run may start while others of its recipe are live.
public enum StartRule: Sendable, Hashable {
    /// It starts beside them.
    case besideOthers
    /// It starts when none is running, and none that was due earlier is waiting.
    case inTurn
}

/// The wish to start a queued run.
public struct StartRequest: Sendable {
    /// The run.
    public var run: RunID
    /// The number under which its node holds it.
    public var fence: Int64
    /// What else must be the case.
    public var rule: StartRule

    /// A wish.
    public init(run: RunID, fence: Int64, rule: StartRule) {
        self.run = run
        self.fence = fence
        self.rule = rule
    }
}

/// The store's answer to a `StartRequest`.
public enum StartOutcome: Sendable, Hashable {
    /// The run is `running`.
    case started
    /// Its turn has not come; the record stays `queued`.
    case mustWait
    /// A person has paused the recipe: the record is `paused` for this reason.
    case paused(reason: String)
    /// The run is not the caller's any more.
    case fenced
}
