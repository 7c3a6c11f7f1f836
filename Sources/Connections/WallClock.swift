import Glibc
public import Schedule

/// The time that people see, and waiting.
///
/// Tests put a manual clock in its place.
public protocol WallClock: Sendable {
    /// The present moment.
    func now() -> Instant
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

    /// Waits on the clock that also counts a suspended machine's time.
    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }
}
