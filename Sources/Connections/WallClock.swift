import Glibc
public import Schedule

/// The time that people see, and waiting.
///
/// Tests put a manual clock in its place.
public protocol WallClock: Sendable {
    /// The present moment.
    func now() -> Instant
    /// A length of time since a fixed moment that steps of the wall clock do not touch.
    func uptime() -> Duration
    /// Waits; throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The machine's own clock.
public struct SystemClock: WallClock {
    /// The machine's clock.
    public init() {}

    /// The present moment, of `CLOCK_REALTIME`.
    public func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Time since the machine started, without the time that it slept.
    public func uptime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// Waits on the clock that also counts a suspended machine's time.
    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }
}
