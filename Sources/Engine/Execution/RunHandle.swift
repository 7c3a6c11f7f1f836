import Synchronization

/// The way to cancel a run, for whoever started it.
public final class RunHandle: Sendable {
    private struct State {
        var reason: CancelReason?
        var isShutdown = false
        /// Cancels the task that performs the run, or performs it in a moment.
        var cancel: (@Sendable () -> Void)?
        /// The actions go on, which are what is cancelled: what follows them is not.
        var arePerforming = false
    }

    private let state = Mutex(State())

    /// A handle for one run.
    public init() {}

    /// Cancels the run.
    ///
    /// The first reason counts.
    public func cancel(_ reason: CancelReason) {
        state.withLock { state in
            if reason == .shutdown { state.isShutdown = true }
            guard state.reason == nil else { return }
            state.reason = reason
            // Under the lock, so that it comes before the end of the actions or not at all: nothing that hears of a cancellation asks a handle.
            if state.arePerforming { state.cancel?() }
        }
    }

    /// Why the run was cancelled; nil while it was not.
    public var reason: CancelReason? { state.withLock { $0.reason } }

    /// Whether the process stops, also where the run was cancelled before for another reason.
    var isShutdown: Bool { state.withLock { $0.isShutdown } }

    /// Begins a task that performs the run: what is cancelled while its actions go on.
    func begin(_ perform: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            // Not detached: the clock of a test comes with the caller's task.
            let task = Task(operation: perform)
            state.cancel = { task.cancel() }
        }
    }

    /// Says, in the task of `begin`, that the actions begin.
    func actionsBegin() {
        state.withLock { state in
            state.arePerforming = true
            if state.reason != nil { state.cancel?() }
        }
    }

    /// Says that the actions are over.
    func actionsEnded() {
        state.withLock { state in
            state.arePerforming = false
            state.cancel = nil
        }
    }
}
