/// Which moments a wall time stands for in a zone.
public enum WallTimeMoments: Sendable, Hashable {
    /// The clocks show it once.
    case once(Instant)
    /// The clocks show it twice or more, because they were set back; the first and the last moment.
    case repeated(first: Instant, last: Instant)
    /// The clocks never show it, because they were set forward over it; the first moment after the gap.
    case skipped(next: Instant)
}

extension Zone {
    /// The moments at which the zone's clocks show a wall time.
    public func moments(of wall: WallTime) -> WallTimeMoments {
        let seconds = wall.secondsSinceEpoch
        // No offset is as large as 26 hours (RFC 9636 section 3.2), so the moments lie between these.
        var segment = rules.segment(at: seconds - 93_600)
        var found: [Instant] = []
        while true {
            let candidate = seconds - segment.offset
            if segment.start <= candidate, candidate < segment.end { found.append(Instant(seconds: candidate)) }
            if found.isEmpty, segment.reachedBefore <= seconds, seconds < segment.wallStart {
                return .skipped(next: Instant(seconds: segment.start))
            }
            guard segment.end <= seconds + 93_600, segment.end < ZoneRules.distantFuture else { break }
            segment = rules.segment(at: segment.end)
        }
        guard let first = found.first, let last = found.last else {
            // Every wall time is reached or lies in a gap, and a gap was answered above.
            return .skipped(next: Instant(seconds: segment.start))
        }
        return first == last ? .once(first) : .repeated(first: first, last: last)
    }
}
