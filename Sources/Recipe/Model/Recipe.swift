public import CEL
import YAML

/// One automation: when it runs, through which connection, and what it does (DESIGN section 5).
///
/// A class, since it never changes and many hold it: the workspace, the plan, each run.
public final class Recipe: Sendable {
    /// The recipe's identity: its `name:`, else its path in the workspace without extension.
    public let name: String
    /// The file that it was read from, as it was named to the loader.
    public let path: String
    /// The file's text, which a run keeps until it ends.
    public let text: String
    private let fingerprint: Fingerprint
    /// What the recipe is for, in the author's words.
    public let description: String?
    /// A disabled recipe has no fires.
    public let isEnabled: Bool
    /// When it fires; empty for a recipe that only `once` runs.
    public let triggers: [Trigger]
    /// What its actions send through when they name no connection of their own.
    public let connection: ConnectionReference?
    /// What may be passed in.
    public let inputs: [InputDefinition]
    /// Values computed once at the start of a run.
    public let vars: [(key: String, value: ValueTemplate)]
    /// The longest that a run may take.
    public let timeout: Duration
    /// How actions without a `retry:` of their own try again; nil is the default of their method.
    public let retry: RetryPolicy?
    /// What it does, in order.
    public let actions: [Action]
    /// The cursor that a successful run leaves for the next.
    public let state: ValueTemplate?
    /// The run's result.
    public let output: ValueTemplate?
    /// Actions after a run that succeeded.
    public let onSuccess: [Action]
    /// Actions after a run that failed or timed out.
    public let onFailure: [Action]
    /// Actions after every run, whatever became of it.
    public let finally: [Action]
    /// What becomes of a run that a crash or a shutdown interrupted.
    public let onInterrupt: InterruptPolicy
    /// Whether the action that was in flight may be done again after a crash.
    public let delivery: Delivery
    /// What it is expected to do, so that its silence is noticed, and who is told.
    public let alarms: AlarmKeys

    /// The name under which the workspace's `on_alert` actions run; no recipe has it.
    public static let alertName = "on_alert"

    init(
        name: String,
        source: Source,
        description: String? = nil,
        isEnabled: Bool = true,
        triggers: [Trigger] = [],
        connection: ConnectionReference? = nil,
        inputs: [InputDefinition] = [],
        vars: [(key: String, value: ValueTemplate)] = [],
        timeout: Duration,
        retry: RetryPolicy?,
        actions: [Action],
        state: ValueTemplate? = nil,
        output: ValueTemplate? = nil,
        onSuccess: [Action] = [],
        onFailure: [Action] = [],
        finally: [Action] = [],
        onInterrupt: InterruptPolicy = .resume,
        delivery: Delivery = .atLeastOnce,
        alarms: AlarmKeys = .ordinary
    ) {
        self.name = name
        path = source.path
        text = source.text
        fingerprint = Fingerprint(of: source.text)
        self.description = description
        self.isEnabled = isEnabled
        self.triggers = triggers
        self.connection = connection
        self.inputs = inputs
        self.vars = vars
        self.timeout = timeout
        self.retry = retry
        self.actions = actions
        self.state = state
        self.output = output
        self.onSuccess = onSuccess
        self.onFailure = onFailure
        self.finally = finally
        self.onInterrupt = onInterrupt
        self.delivery = delivery
        self.alarms = alarms
    }

    /// A hash of the text: the recipe's version.
    public var version: String { fingerprint.text }
}

/// When somebody must be told of a recipe: `expect`, `alert_after` and `heartbeat`.
///
/// A class, since it never changes and most recipes have the ordinary one.
public final class AlarmKeys: Sendable {
    /// What it is expected to do.
    public let expectations: Expectations
    /// So many failed runs in a row raise an alarm.
    public let alertAfter: Int
    /// What is asked for after each success, for a watcher outside.
    public let heartbeat: Template?

    /// Those of a recipe that has none of the keys.
    static let ordinary = AlarmKeys(expectations: Expectations(), alertAfter: Defaults.alertAfter, heartbeat: nil)

    init(expectations: Expectations, alertAfter: Int, heartbeat: Template?) {
        self.expectations = expectations
        self.alertAfter = alertAfter
        self.heartbeat = heartbeat
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
    /// The first wait before another attempt: 1 s.
    public static let retryInitial = Duration.seconds(1)
    /// The longest wait before another attempt: 5 min.
    public static let retryMax = Duration.seconds(300)
    /// From the end of one look to the begin of the next, of an action with `until`: 5 s.
    public static let pollInterval = Duration.seconds(5)
    /// The most that a program may write to its standard output, and to its standard error: 8 MiB each.
    public static let maxOutputBytes = 8 << 20
    /// How deep recipes may call each other: 16.
    public static let callDepth = 16
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
