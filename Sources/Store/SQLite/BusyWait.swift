import Glibc
import Schedule

/// How a connection waits while another process is in its transaction: short pauses that grow, because a group takes a millisecond or few; SQLite's own
/// waiting goes up to 100 ms a time, which a due fire would feel.
struct BusyWait: Sendable {
    private let tries: Int

    init(timeout: Duration) {
        tries = max(1, Int(timeout / Self.longestPause))
    }

    /// Pauses, unless the time is over.
    @Sendable func mayTryAgain(after count: Int) -> Bool {
        guard count < tries else { return false }
        let pause = min(Duration.microseconds(500) * (count + 1), Self.longestPause)
        // Proof that `usleep` may block here: SQLite's busy handler is a synchronous C callback, so nothing can be awaited. It runs on the store's own
        // queue, no thread of Swift's pool, but while a store is opened or closed, when its caller has nothing else to do. A pause is 0.5 to 5 ms, which
        // fits `UInt32` and stays below the second that POSIX allows, and there are at most `tries` of them, the time-out in all.
        usleep(UInt32(pause.wholeMicroseconds))
        return true
    }

    private static let longestPause = Duration.milliseconds(5)
}
