@preconcurrency import Dispatch
import Glibc
import Schedule

/// An alarm on a Dispatch timer: of the wall clock for calendar times, so that a suspended machine and a moved clock are seen.
final class DispatchAlarm: Alarm {
    // Sendable in fact: a timer source may be scheduled and cancelled from any thread.
    private let timer: any DispatchSourceTimer

    init(queue: DispatchQueue, ring: @escaping @Sendable () -> Void) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler(handler: ring)
        timer.schedule(wallDeadline: .distantFuture)
        timer.activate()
    }

    deinit { timer.cancel() }

    func set(_ moment: AlarmMoment?) {
        switch moment {
        case .at(let instant):
            // Rounded down to the microsecond it can be early, never late; whoever wakes looks at the clock again.
            let microseconds = max(0, instant.microseconds)
            let time = timespec(tv_sec: Int(microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1_000)
            timer.schedule(wallDeadline: DispatchWallTime(timespec: time), leeway: .nanoseconds(0))
        case .after(let duration):
            let microseconds = Int(max(0, min(duration.wholeMicroseconds, Self.longest)))
            timer.schedule(deadline: .now() + .microseconds(microseconds), leeway: .nanoseconds(0))
        case nil:
            timer.schedule(wallDeadline: .distantFuture)
        }
    }

    /// A hundred years, which Dispatch still counts in nanoseconds without overflow.
    private static let longest: Int64 = 100 * 365 * 86_400 * 1_000_000
}
