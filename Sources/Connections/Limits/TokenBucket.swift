import Recipe
import Schedule

/// How long each request must wait so that a rate is never exceeded.
///
/// A bucket of one tenth of the count may go out at once; the rest of the count is spread over the time. So no window of
/// that length, wherever it begins, sees more than `count` requests.
struct TokenBucket: Sendable {
    private let interval: Duration
    private let burst: Int
    /// When the next request would go out if there were no burst.
    private var next: Instant?

    init(_ rate: RateLimit) {
        burst = max(1, rate.count / 10)
        interval = rate.count == 1 ? rate.per : rate.per / max(1, rate.count - burst)
    }

    /// Takes a place in the line; the time until it is there.
    mutating func reserve(now: Instant) -> Duration {
        let expected = max(next ?? now, now)
        next = expected + interval
        let wait = (expected - now) - interval * (burst - 1)
        return max(wait, .zero)
    }

    /// Gives the last place back: its owner does not go.
    mutating func giveBack() {
        if let place = next { next = place - interval }
    }
}
