public import CEL
public import YAML

/// One automation: when it runs, through which connection, and what it does (DESIGN section 5).
public struct Recipe: Sendable {
    /// The recipe's identity: its `name:`, else its path in the workspace without extension.
    public let name: String
    /// The file that it was read from, as it was named to the loader.
    public let path: String
    /// The file's text, which a run keeps until it ends.
    public let source: Source
    /// A hash of the text: the recipe's version.
    public let version: String
    /// What the recipe is for, in the author's words.
    public var description: String?
    /// A disabled recipe has no fires.
    public var isEnabled = true
    /// When it fires; empty for a recipe that only `once` runs.
    public var triggers: [Trigger] = []
    /// What its actions send through when they name no connection of their own.
    public var connection: ConnectionReference?
    /// What may be passed in.
    public var inputs: [InputDefinition] = []
    /// Values computed once at the start of a run.
    public var vars: [(key: String, value: ValueTemplate)] = []
    /// The longest that a run may take.
    public var timeout = Defaults.runTimeout
    /// How actions without a `retry:` of their own try again; nil is the default of their method.
    public var retry: RetryPolicy?
    /// What it does, in order.
    public var actions: [Action] = []
    /// The cursor that a successful run leaves for the next.
    public var state: ValueTemplate?
    /// The run's result.
    public var output: ValueTemplate?
    /// Actions after a run that succeeded.
    public var onSuccess: [Action] = []
    /// Actions after a run that failed or timed out.
    public var onFailure: [Action] = []
    /// Actions after every run, whatever became of it.
    public var finally: [Action] = []
    /// What becomes of a run that a crash or a shutdown interrupted.
    public var onInterrupt = InterruptPolicy.resume
    /// Whether the action that was in flight may be done again after a crash.
    public var delivery = Delivery.atLeastOnce
    /// What it is expected to do, so that its silence is noticed.
    public var expectations = Expectations()
    /// So many failed runs in a row raise an alarm.
    public var alertAfter = Defaults.alertAfter
    /// What is asked for after each success, for a watcher outside.
    public var heartbeat: Template?

    /// The name under which the workspace's `on_alert` actions run; no recipe has it.
    public static let alertName = "on_alert"

    init(name: String, path: String, source: Source, version: String) {
        self.name = name
        self.path = path
        self.source = source
        self.version = version
    }
}

/// What raises an alarm when it does not come true.
public struct Expectations: Sendable, Hashable {
    /// A run succeeds at least this often.
    public var successEvery: Duration?
    /// No fire starts later than this after its time.
    public var maxLateness: Duration?
}

/// What becomes of an interrupted run.
public enum InterruptPolicy: String, Sendable, CaseIterable {
    /// It goes on after its last checkpoint.
    case resume
    /// It begins again.
    case restart
    /// It ends as failed.
    case fail
}

/// What becomes of the action that was in flight when the process died.
public enum Delivery: String, Sendable, CaseIterable {
    /// It is done again, unless nobody can know whether it took effect.
    case atLeastOnce = "at_least_once"
    /// It is never done again: the run ends.
    case atMostOnce = "at_most_once"
}

/// One value that a recipe or an operation of a connector takes.
public struct InputDefinition: Sendable {
    /// The types of an input.
    public enum Kind: String, Sendable, CaseIterable {
        case string, integer, number, boolean, list, object, any
    }

    /// Its name in `inputs`.
    public let name: String
    /// What it must be.
    public let kind: Kind
    /// Its value when none is given; nil makes the input required.
    public let defaultValue: Value?
    /// The values that are allowed; nil allows all.
    public let choices: [Value]?
    /// What it means, in the author's words.
    public let description: String?
    /// It may be left out although it has no default: it is then null.
    public let isOptional: Bool
    /// Its value is hidden wherever text leaves the process.
    public let isSecret: Bool
}

/// The default settings of recipes and actions, in one place (DESIGN sections 5 and 10).
public enum Defaults {
    /// The longest run: 1 h.
    public static let runTimeout = Duration.seconds(3600)
    /// The longest attempt of an action: 3 min.
    public static let actionTimeout = Duration.seconds(180)
    /// The largest response body: 64 MiB.
    public static let maxBodyBytes = 64 << 20
    /// The most pages that `paginate` reads: 1,000.
    public static let maxPages = 1_000
    /// The longest renewal of a token: 30 s.
    public static let renewTimeout = Duration.seconds(30)
    /// Runs of one process at the same time: 1,000.
    public static let maxConcurrentRuns = 1_000
    /// How long it is remembered that an item of a `foreach` was done: 30 days.
    public static let dedupeTime = Duration.seconds(30 * 86_400)
    /// The time between the starts of two runs that are caught up: 1 s.
    public static let catchUpPace = Duration.seconds(1)
    /// Failed runs in a row that raise an alarm: 3.
    public static let alertAfter = 3
    /// The longest call of a heartbeat: 10 s.
    public static let heartbeatTimeout = Duration.seconds(10)
    /// How long a stopping process waits for what runs: 30 s.
    public static let shutdownGrace = Duration.seconds(30)
}
