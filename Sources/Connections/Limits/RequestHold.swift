import Synchronization

/// Until when nothing is sent through a connection, because its server asked all its clients to wait (429 or 503 with a time).
///
/// Moments are those of the caller's monotonic clock.
final class RequestHold: Sendable {
    /// A longer wait is that of the request which it was said to: other parts of the API may have limits of their own.
    static let longest = Duration.seconds(300)

    private let end = Mutex(Duration.zero)

    /// Holds back for a time from `now` on; never ends earlier what is held longer.
    func extend(by length: Duration, now: Duration) {
        end.withLock { $0 = max($0, now + min(length, Self.longest)) }
    }

    /// How long it still lasts; nil when it does not.
    func remaining(now: Duration) -> Duration? {
        let end = end.withLock { $0 }
        return end > now ? end - now : nil
    }
}
