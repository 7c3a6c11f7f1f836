import Schedule

extension Duration {
    /// How messages show a length of time: `30s`, `1m30s`; to the millisecond, since what is left of a limit is no round number.
    var text: String {
        let (seconds, attoseconds) = components
        let milliseconds = seconds * 1_000 + (attoseconds + 500_000_000_000_000) / 1_000_000_000_000_000
        return DurationText.format(milliseconds < 10 ? self : .milliseconds(milliseconds))
    }

    /// In seconds.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
