/// Spares a server that does not answer, and those who would wait for it: after repeated failures nothing is sent for a while, then one request that shows how it stands.
///
/// A value; whoever has it asks before each exchange and reports after it. Moments are those of one monotonic clock: a wall clock that is set back would keep it open.
struct CircuitBreaker: Sendable {
    /// Whether an exchange may begin.
    enum Permission: Sendable, Hashable {
        case send
        /// The one that shows how the server stands; the others wait for what comes of it.
        case probe
        case refuse(for: Duration)
    }

    /// What came of an exchange.
    enum Outcome: Sendable, Hashable {
        /// The server answered, whatever it said.
        case answer
        /// No answer, or one that says that there is no server behind it (502, 503, 504).
        case failure
        /// It says nothing: cancelled, or not sent.
        case nothing
    }

    /// Failures in a row that open it.
    static let threshold = 10
    /// How long nothing is sent at first; each failed probe doubles it.
    static let firstPause = Duration.seconds(5)
    /// The longest time without a probe.
    static let longestPause = Duration.seconds(60)

    private var failures = 0
    private var opening: (until: Duration, pause: Duration)?
    private var isProbing = false

    /// Everything may be sent.
    var isClosed: Bool { opening == nil }
    /// Closed, and the last exchange was answered.
    var isUntroubled: Bool { opening == nil && failures == 0 }

    /// Asks whether an exchange may begin; after `send` and `probe` its outcome must be reported.
    mutating func permit(now: Duration) -> Permission {
        guard let opening else { return .send }
        guard now >= opening.until else { return .refuse(for: opening.until - now) }
        guard !isProbing else { return .refuse(for: .seconds(1)) }
        isProbing = true
        return .probe
    }

    /// Reports what came of an exchange; `isProbe` as it was permitted.
    mutating func report(_ outcome: Outcome, isProbe: Bool, now: Duration) {
        if isProbe { isProbing = false }
        switch outcome {
        case .nothing: break
        case .answer:
            failures = 0
            opening = nil
        case .failure:
            failures += 1
            if isProbe, let before = opening {
                let pause = min(before.pause * 2, Self.longestPause)
                opening = (now + pause, pause)
            } else if opening == nil, failures >= Self.threshold {
                opening = (now + Self.firstPause, Self.firstPause)
            }
        }
    }
}
