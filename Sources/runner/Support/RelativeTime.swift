import Schedule

/// How far a moment is away, for people.
enum RelativeTime {
    /// `in 5 min`, `3 d 4 h ago`, `now`: the two largest units.
    static func text(_ moment: Instant, from now: Instant) -> String {
        let distance = (moment - now).wholeMicroseconds
        let seconds = (distance.magnitude + 500_000) / 1_000_000
        guard seconds > 0 else { return "now" }
        return distance > 0 ? "in \(length(seconds))" : "\(length(seconds)) ago"
    }

    /// `1 h 30 min`, `2 d`: the two largest units of a length of time.
    static func length(_ duration: Duration) -> String {
        let microseconds = duration.wholeMicroseconds.magnitude
        return microseconds < 1_000_000 ? "\(microseconds / 1_000) ms" : length((microseconds + 500_000) / 1_000_000)
    }

    private static func length(_ seconds: UInt64) -> String {
        let units: [(size: UInt64, name: String)] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")]
        var rest = seconds
        var parts: [String] = []
        for (size, name) in units {
            guard parts.count < 2 else { break }
            let count = rest / size
            rest %= size
            // A unit between two that are said is said too, unless it is the last and nothing is left.
            if count > 0 { parts.append("\(count) \(name)") } else if !parts.isEmpty { break }
        }
        return parts.joined(separator: " ")
    }
}
