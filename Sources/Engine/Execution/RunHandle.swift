import Synchronization

/// The way to cancel a run, for whoever started it.
public final class RunHandle: Sendable {
    private struct State {
        var reason: CancelReason?
        var isShutdown = false
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// A handle for one run.
    public init() {}

    /// Cancels the run.
    ///
    /// The first reason counts.
    public func cancel(_ reason: CancelReason) {
        let cancel = state.withLock { state -> (@Sendable () -> Void)? in
            if reason == .shutdown { state.isShutdown = true }
            guard state.reason == nil else { return nil }
            state.reason = reason
            return state.cancel
        }
        cancel?()
    }

    /// Why the run was cancelled; nil while it was not.
    public var reason: CancelReason? { state.withLock { $0.reason } }

    /// Whether the process stops, also where the run was cancelled before for another reason.
    var isShutdown: Bool { state.withLock { $0.isShutdown } }

    /// Says how the actions are cancelled, from the moment when they begin; nil when they are over.
    func attach(_ cancel: (@Sendable () -> Void)?) {
        let isCancelled = state.withLock { state in
            state.cancel = cancel
            return state.reason != nil
        }
        if isCancelled { cancel?() }
    }
}
