public import Recipe
public import Schedule
public import Store
public import YAML

/// Something that the engine did or saw, for logs and progress lines.
///
/// All texts are redacted.
public enum EngineEvent: Sendable {
    /// A run began, or goes on after an interruption (its attempt is then above 1).
    case runStarted(RunRecord)
    /// An action, or an item of one, begins.
    case actionStarted(ActionDescription)
    /// An action, or an item of one, ended; `request` is its method, host and status.
    case actionFinished(ActionDescription, ActionStatus, duration: Duration, request: String?)
    /// An attempt failed, and another follows.
    case attemptFailed(ActionDescription, attempt: Int, message: String, retryIn: Duration)
    /// A request waits, because the server asked all of its connection to wait.
    case requestHeld(ActionDescription, for: Duration)
    /// A line of the verb `log`.
    case log(run: RunID, recipe: String, LogAction.Level, message: String)
    /// A run ended.
    case runFinished(RunRecord, RunResult)
    /// A run waits, and is out of memory until then.
    case runParked(RunRecord, until: Instant)
    /// A fire got no run: missed, skipped or paused, with the reason. Of a trigger's missed times one event stands for all, with their number.
    case unserved(RunRecord)
    /// An interrupted run was closed without being resumed, with the reason.
    case closed(RunRecord, reason: String)
    /// Files changed, and the recipes of these names with them.
    case reloaded(added: [String], changed: [String], removed: [String])
    /// A changed file is wrong; its last valid version stays in force.
    case rejected([Diagnostic], sources: [String: Source])
    /// A recipe's `heartbeat` could not be called.
    case heartbeatFailed(run: RunID, recipe: String, String)
    /// An alarm was raised.
    case alarmRaised(AlarmRecord)
    /// An alarm is over; the reason says why although what it told of may not be.
    case alarmCleared(AlarmRecord, reason: String?)
    /// The wall clock was set, or the machine slept.
    case clockStepped
    /// The rules of these time zones are others in the tz database now; when the next fire is, by them.
    case zonesChanged([String], next: Instant?)
    /// The store refused; what depends on it is tried again.
    case storeFailed(StoreError)
    /// The engine is ready: so many triggers, and when the first of them fires.
    case ready(triggers: Int, next: Instant?)
    /// The engine stops, and waits for so many runs.
    case stopping(runs: Int)
}

/// Which action an event speaks of.
public struct ActionDescription: Sendable, Hashable {
    /// The run.
    public let run: RunID
    /// The recipe's name.
    public let recipe: String
    /// The action's id path.
    public let path: String
    /// The `foreach` indexes, joined with dots; empty outside one.
    public let index: String
    /// What its author calls it.
    public let name: String?
}

/// Who is told of events; called from many threads, and must return at once.
public protocol EngineObserver: Sendable {
    /// Something happened.
    func observe(_ event: EngineEvent)
}

/// An observer that looks away.
public struct SilentObserver: EngineObserver {
    /// An observer.
    public init() {}

    /// Told of an event.
    public func observe(_ event: EngineEvent) {}
}
