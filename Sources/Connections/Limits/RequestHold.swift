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

    /// The most that go on at the same time.
    private static let widest = 1_024

    /// Requests of one kind since the hold before: how many were sent, and how many of them the server told to wait.
    private struct Count {
        var sent = 0
        var refused = 0
        var succeeded: Int { max(0, sent - refused) }
    }

    private struct State {
        var end = Duration.zero
        /// Whether the hold lasts, or has ended since anybody looked.
        var isHeld = false
        /// How many of each kind have been held so far.
        var waiting: [RequestTurn: Int] = [:]
        var counts: [RequestTurn: Count] = [:]
        /// How many of a kind go on at the same time.
        var width = 1

        /// A hold is over, and all answers that led to it are there.
        ///
        /// A server that counts all requests together lets through some of a kind and refuses others, or lets through new ones while it refuses those that have
        /// waited. One that counts by client or by object refuses each so many times and no more, and to send it two new ones at a time would take a thousand
        /// of them a quarter of an hour.
        mutating func judge() {
            isHeld = false
            let refused = counts.filter { $0.value.refused > 0 }.keys.max()
            let welcome = counts.filter { $0.value.succeeded > 0 }.keys.min()
            if let refused, let welcome, refused < welcome {
                width = min(2 * width, RequestHold.widest)
            } else if refused != nil || welcome == .first {
                width = 1
            }
            counts = [:]
        }
    }

    private let state = Mutex(State())

    /// Holds back for a time from `now` on, because a request was told to wait; never ends earlier what is held longer.
    func extend(by length: Duration, after turn: RequestTurn, now: Duration) {
        state.withLock { state in
            if state.end <= now {
                if state.isHeld { state.judge() }
                state.isHeld = true
                state.waiting = [:]
            }
            state.counts[turn, default: Count()].refused += 1
            state.end = max(state.end, now + min(length, Self.longest))
        }
    }

    /// How long it still lasts for one more; nil when it does not, and the request is sent.
    func remaining(of turn: RequestTurn, now: Duration) -> Duration? {
        state.withLock { state in
            guard state.end > now else {
                if state.isHeld { state.judge() }
                // Where nobody was ever held there is nothing to count.
                if state.end > .zero { state.counts[turn, default: Count()].sent += 1 }
                return nil
            }
            let before = state.waiting[turn, default: 0]
            state.waiting[turn] = before + 1
            return state.end - now + Self.step * (before / state.width % Self.steps)
        }
    }
}

/// How often a request was told to wait, and has.
public struct RequestTurn: Sendable, Hashable, Comparable {
    /// How often.
    private let waits: Int

    private init(waits: Int) { self.waits = waits }

    /// It was not sent yet.
    public static let first = RequestTurn(waits: 0)

    /// It has waited once more.
    ///
    /// From the fourth time on nothing tells it apart: the first of each kind go on at the same time, and a server that is down must be asked by few.
    public var next: RequestTurn { RequestTurn(waits: min(waits + 1, 4)) }

    /// Whether it was told less often.
    public static func < (left: RequestTurn, right: RequestTurn) -> Bool { left.waits < right.waits }
}
