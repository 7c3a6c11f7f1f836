import CEL
import Foundation

/// What differs at each call: the time and random identifiers.
enum ClockFunctions {
    static let all = [now, uuid]

    private static let now = Function(
        "now",
        isPure: false,
        Overload([], .timestamp) { (_: [Value]) throws(EvaluationError) in
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
        Overload([], .string) { (_: [Value]) throws(EvaluationError) in .string(UUID().uuidString.lowercased()) }
    )
}
