import CEL
import Foundation
public import Schedule
import Synchronization

/// What stands in for clock and chance, so that a test of a recipe gives the same each time.
public final class FixedSources: Sendable {
    /// What the expressions of this task and of those that it begins read; nil is the real thing.
    @TaskLocal public static var current: FixedSources?

    /// What the clock shows.
    let now: @Sendable () -> Instant
    private let drawn = Mutex(0)

    /// Sources with a clock.
    public init(now: @escaping @Sendable () -> Instant) {
        self.now = now
    }

    /// A UUID that nobody else draws: they are counted from 1.
    func uuid() -> String {
        let number = drawn.withLock { drawn in
            drawn += 1
            return drawn
        }
        let digits = String(number, radix: 16)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }
}

/// What differs at each call: the time and random identifiers.
enum ClockFunctions {
    static let all = [now, uuid]

    private static let now = Function(
        "now",
        isPure: false,
        Overload([], .timestamp) { (_: [Value]) throws(EvaluationError) in
            if let fixed = FixedSources.current?.now() {
                let seconds = fixed.wholeSeconds
                let nanoseconds = (fixed.microseconds - seconds * 1_000_000) * 1_000
                if let now = Timestamp(seconds: seconds, nanoseconds: nanoseconds) { return .timestamp(now) }
            }
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            guard let now = Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec)) else {
                throw EvaluationError(.overflow, "the clock is outside the years 1 to 9999")
            }
            return .timestamp(now)
        }
    )

    /// A random UUID (RFC 9562 section 5.4), in lower case.
    private static let uuid = Function(
        "uuid",
        isPure: false,
        Overload([], .string) { (_: [Value]) throws(EvaluationError) in
            .string(FixedSources.current?.uuid() ?? UUID().uuidString.lowercased())
        }
    )
}
