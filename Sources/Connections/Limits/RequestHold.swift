import Synchronization

/// Until when nothing is sent through a connection, because its server asked all its clients to wait (429 or 503 with a time).
///
/// Moments are those of the caller's monotonic clock.
final class RequestHold: Sendable {
    /// A longer wait is that of the request which it was said to: other parts of the API may have limits of their own.
    static let longest = Duration.seconds(300)

    /// How far apart those who were held go on: all at once they would be told to wait again.
    static let step = Duration.milliseconds(5)
    /// After so many steps it begins anew, so that nobody is held much longer than the server asked.
    private static let steps = 1_000

    private struct State {
        var end = Duration.zero
        /// How many have been held so far.
        var waiting = 0
    }

    private let state = Mutex(State())

    /// Holds back for a time from `now` on; never ends earlier what is held longer.
    func extend(by length: Duration, now: Duration) {
        state.withLock { state in
            if state.end <= now { state.waiting = 0 }
            state.end = max(state.end, now + min(length, Self.longest))
        }
    }

    /// How long it still lasts for one more; nil when it does not.
    func remaining(now: Duration) -> Duration? {
        state.withLock { state in
            guard state.end > now else { return nil }
            defer { state.waiting += 1 }
            return state.end - now + Self.step * (state.waiting % Self.steps)
        }
    }
}
