public import CEL
public import Schedule

/// Where a run, or a fire that got no run, stands.
public enum RunStatus: String, Sendable, Hashable, CaseIterable {
    /// Claimed, waiting for a slot or for its turn; its node moves it to `running`. Without a node it waits for one.
    case queued
    /// Under way on a node.
    case running
    /// Ended well.
    case succeeded
    /// Ended by an error.
    case failed
    /// Ended by the recipe's timeout.
    case timedOut = "timed_out"
    /// Ended by a person.
    case cancelled
    /// Ended by a shutdown or a crash. `Store.takeOver` makes it `running` again, as the same run.
    case interrupted
    /// A fire time that got no run because of the overlap rule.
    case skipped
    /// A fire time that passed while nobody was there to serve it, or too late to be worth it.
    case missed
    /// A fire time that passed while a person had the recipe paused.
    case paused

    /// Whether the run holds a slot.
    public var isLive: Bool { self == .queued || self == .running }

    /// Whether nothing moves it any more (an interrupted run can still be resumed).
    public var isFinal: Bool { !isLive && self != .interrupted }
}

/// What a run came from.
public enum RunCause: String, Sendable, Hashable, CaseIterable {
    /// Its fire time came.
    case schedule
    /// Its fire time had passed while nobody was there to serve it.
    case catchUp = "catch_up"
    /// A person wanted its fire time, long past, to run after all.
    case backfill
    /// `run_on_start`: its process started.
    case start
    /// A person asked for it.
    case person
    /// An alarm was raised, or is over: `on_alert`.
    case alarm
}

/// One fire of one trigger.
///
/// The store holds at most one record of it, however many nodes ask.
public struct FireKey: Hashable, Sendable {
    /// The recipe's name.
    public var recipe: String
    /// The trigger's identity; `once` and `manual` for runs that a person started.
    public var trigger: String
    /// The fire time that the trigger gave, not the moment when the run began.
    public var scheduledAt: Instant

    /// A fire of `trigger`, due at `scheduledAt`.
    public init(recipe: String, trigger: String, scheduledAt: Instant) {
        self.recipe = recipe
        self.trigger = trigger
        self.scheduledAt = scheduledAt
    }
}

/// What became of one fire: a run, or the reason why there was none.
public struct RunRecord: Sendable, Hashable {
    /// The run's name.
    public var id: RunID
    /// The fire it belongs to.
    public var fire: FireKey
    /// What it came from.
    public var cause: RunCause
    /// When its node took it up; nil for fires without a run.
    public var startedAt: Instant?
    /// When it ended; nil while it is live.
    public var finishedAt: Instant?
    /// Where it stands.
    public var status: RunStatus
    /// Why it stands there, for people: the rule that skipped it, the error that failed it.
    ///
    /// Plain text at rest: redact before.
    public var reason: String?
    /// From fire time (plus jitter) to the first action; nil until that is known.
    public var lateness: Duration?
    /// Counted from 1; each take-over adds one.
    public var attempt: Int
    /// Who holds it, or held it last.
    public var node: NodeID?
    /// Rises with each take-over.
    ///
    /// Only a write that carries the present number is accepted.
    public var fence: Int64
    /// The hash of the recipe text that it ran, as given to `Store.save`.
    public var version: String?
    /// Set when one `missed` record stands for a range of fire times: the last of them.
    public var missedUntil: Instant?
    /// How many fire times that range holds.
    public var missedCount: Int?
    /// The run whose inputs and version it repeats.
    public var origin: RunID?
    /// Why somebody wants it cancelled; whoever holds it does that.
    public var cancelReason: String?
    /// How much of its timeout it has used, without the time that it was parked.
    public var spent: Duration = .zero

    /// A record; only the fire and the status have no default.
    public init(
        id: RunID = RunID(),
        fire: FireKey,
        status: RunStatus,
        cause: RunCause = .schedule,
        startedAt: Instant? = nil,
        finishedAt: Instant? = nil,
        reason: String? = nil,
        lateness: Duration? = nil,
        attempt: Int = 1,
        node: NodeID? = nil,
        fence: Int64 = 1,
        version: String? = nil,
        missedUntil: Instant? = nil,
        missedCount: Int? = nil,
        origin: RunID? = nil
    ) {
        self.id = id
        self.fire = fire
        self.status = status
        self.cause = cause
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.reason = reason
        self.lateness = lateness
        self.attempt = attempt
        self.node = node
        self.fence = fence
        self.version = version
        self.missedUntil = missedUntil
        self.missedCount = missedCount
        self.origin = origin
    }
}

/// How a run ends, and what is written together with that: all of it or nothing.
public struct RunEnd: Sendable, Hashable {
    /// The run.
    public var run: RunID
    /// A status that is not live.
    public var status: RunStatus
    /// Why, for people.
    ///
    /// Plain text at rest: redact before.
    public var reason: String?
    /// The error's text.
    ///
    /// Plain at rest: redact before.
    public var error: String?
    /// When it began, where that is later than its claim said; nil changes nothing.
    public var startedAt: Instant?
    /// When it ended.
    public var finishedAt: Instant
    /// From fire time (plus jitter) to the first action.
    public var lateness: Duration?
    /// Actions that were completed since the last checkpoint.
    public var actions: [ActionRecord]
    /// The run's output; sealed at rest.
    public var output: Value?
    /// The recipe's cursor from now on; nil leaves the old one.
    ///
    /// Sealed at rest.
    public var state: Value?
    /// The secrets in output and inputs, for processes that never knew them; sealed with the output.
    ///
    /// Those of an output that is in the record of an action (`isOutputRecorded`) are marked there; any here, and it is stored by itself.
    public var outputSecrets: [String] = []
    /// The secrets in the state; sealed with it.
    public var stateSecrets: [String] = []

    /// An end; only run, status and moment have no default.
    public init(
        run: RunID,
        status: RunStatus,
        finishedAt: Instant,
        reason: String? = nil,
        error: String? = nil,
        lateness: Duration? = nil,
        actions: [ActionRecord] = [],
        output: Value? = nil,
        state: Value? = nil
    ) {
        self.run = run
        self.status = status
        self.finishedAt = finishedAt
        self.reason = reason
        self.error = error
        self.lateness = lateness
        self.actions = actions
        self.output = output
        self.state = state
    }
}

/// One run with all that is known of it.
public struct RunDetail: Sendable, Hashable {
    /// The run itself.
    public var run: RunRecord
    /// What it was started with; nil when it had no inputs.
    public var inputs: Value?
    /// Its actions, in the order in which they began.
    public var actions: [ActionRecord]
    /// What it gave; nil when it gave nothing or has not ended.
    public var output: Value?
    /// The error that ended it.
    public var error: String?
    /// The secrets in all that, as far as whoever wrote it knew them: what shows it hides them.
    public var secrets: [String]
}

/// Which runs to list: newest fire time first, then newest id.
public struct RunQuery: Sendable, Hashable {
    /// Only this recipe's.
    public var recipe: String?
    /// Only these; nil is all.
    public var statuses: Set<RunStatus>?
    /// Only fire times at or after this.
    public var from: Instant?
    /// Only fire times before this.
    public var to: Instant?
    /// At most this many.
    public var limit: Int

    /// A query; without arguments the newest 50 runs.
    public init(
        recipe: String? = nil,
        statuses: Set<RunStatus>? = nil,
        from: Instant? = nil,
        to: Instant? = nil,
        limit: Int = 50
    ) {
        self.recipe = recipe
        self.statuses = statuses
        self.from = from
        self.to = to
        self.limit = limit
    }
}
