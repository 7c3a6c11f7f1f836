@preconcurrency import Dispatch
import Glibc
public import Schedule

/// The machine's own time, with alarms that are Dispatch timers.
public struct SystemEngineClock: EngineClock {
    private let queue: DispatchQueue

    /// A clock whose alarms ring on a queue of its own.
    public init() {
        queue = DispatchQueue(label: "runner.alarms", qos: .userInteractive)
    }

    /// The present moment.
    public func now() -> Instant {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Instant(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000)
    }

    /// Time since the machine started, without the time that it slept.
    public func uptime() -> Duration {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
    }

    /// Waits; throws `CancellationError` when the task is cancelled.
    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }

    /// An alarm that is not set.
    public func makeAlarm(_ ring: @escaping @Sendable () -> Void) -> any Alarm {
        DispatchAlarm(queue: queue, ring: ring)
    }

    /// Calls `react` whenever somebody sets the wall clock.
    public func watchSteps(_ react: @escaping @Sendable () -> Void) -> (any ClockWatching)? {
        ClockWatch(queue: queue, react: react)
    }
}
