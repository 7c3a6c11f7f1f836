/// How long many of a kind took.
struct Latencies: CustomStringConvertible {
    private let sorted: [Duration]

    init(_ durations: [Duration]) { sorted = durations.sorted() }

    /// So long took at most that part of them.
    func at(_ part: Double) -> Duration { sorted[min(sorted.count - 1, Int(part * Double(sorted.count)))] }

    func ratio(to other: Latencies, at part: Double) -> Double {
        (at(part) / other.at(part) * 100).rounded() / 100
    }

    var description: String {
        let parts = [("p50", 0.5), ("p99", 0.99), ("max", 1)]
        return parts.map { "\($0) \((at($1) / .microseconds(1)).rounded()) µs" }.joined(separator: ", ")
    }
}
