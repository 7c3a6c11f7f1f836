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
        // It has to block: SQLite's busy handler is a synchronous call. It runs on the store's own queue, and only while a store is opened or closed on the
        // caller's thread, which does nothing else before that is done. `mayTryAgain` bounds it by the time-out.
        usleep(UInt32(pause.wholeMicroseconds))
        return true
    }

    private static let longestPause = Duration.milliseconds(5)
}
