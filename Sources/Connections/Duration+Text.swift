import Schedule

extension Duration {
    /// How messages show a length of time: `30s`, `1m30s`.
    var text: String { DurationText.format(self) }

    /// In seconds.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
