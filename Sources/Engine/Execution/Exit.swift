import Recipe
import Schedule
import Store

/// Why the actions of a run do not go on.
///
/// What becomes of the run is decided where it ends. Indirect: every call has room for one, and few end so.
indirect enum Exit: Error {
    /// An action failed, and its `on_error` lets the run fail.
    case failed(RunError)
    /// The verb `stop`: the run ends well.
    case stopped(reason: String)
    /// The task was cancelled: by the run's timeout, by a person or by a shutdown.
    case cancelled
    /// Nobody can know whether an action took effect, so the run cannot go on.
    case outcomeUnknown(reason: String)
    /// The run waits, and leaves memory until this moment.
    case parked(until: Instant)
    /// The store did not take a record. Without it the run must not go on.
    case store(StoreError)
}

/// Why a run is cancelled from outside.
public enum CancelReason: Sendable, Hashable {
    /// Its `timeout` is over.
    case timeout
    /// A person asked.
    case person
    /// Another process asked, or a newer fire takes its place (`overlap: cancel`).
    case request(reason: String)
    /// The process stops; the run is resumed by the next one.
    case shutdown
}
