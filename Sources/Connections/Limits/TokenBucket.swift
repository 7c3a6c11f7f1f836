import Recipe

/// How long each request must wait so that a rate is never exceeded.
///
/// A bucket of one tenth of the count may go out at once; the rest of the count is spread over the time. So no window of
/// that length, wherever it begins, sees more than `count` requests. Moments are those of one monotonic clock.
struct TokenBucket: Sendable {
    /// A place in the line.
    struct Place: Sendable, Hashable {
        /// When its owner would go if there were no burst.
        fileprivate let moment: Duration
        /// How long its owner waits.
        let wait: Duration
    }

    private let interval: Duration
    private let burst: Int
    /// The end of the line.
    private var next: Duration?
    /// Places of those who did not go, in order; whoever comes next takes the first of them.
    private var free: [Duration] = []

    init(_ rate: RateLimit) {
        burst = max(1, rate.count / 10)
        interval = rate.count == 1 ? rate.per : rate.per / max(1, rate.count - burst)
    }

    /// Takes a place in the line.
    mutating func reserve(now: Duration) -> Place {
        // A place that has passed is lost: two that went at once for it would be too many.
        free.removeFirst(free.firstIndex { $0 >= now } ?? free.count)
        let moment: Duration
        if free.isEmpty {
            moment = max(next ?? now, now)
            next = moment + interval
        } else {
            moment = free.removeFirst()
        }
        return Place(moment: moment, wait: max((moment - now) - interval * (burst - 1), .zero))
    }

    /// Gives a place back: its owner does not go.
    mutating func giveBack(_ place: Place) {
        let index = free.firstIndex { $0 > place.moment } ?? free.count
        free.insert(place.moment, at: index)
        // At the end of the line there is nobody behind it.
        while let last = free.last, let end = next, last + interval == end {
            next = last
            free.removeLast()
        }
    }
}
