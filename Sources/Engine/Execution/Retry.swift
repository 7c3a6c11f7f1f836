import Recipe

/// Decides whether a request is tried again, and after how long (DESIGN section 5).
///
/// A value without clock and dice: the random number and the time that is left come from outside.
struct Retry: Sendable {
    /// What went wrong with an attempt.
    struct Failure: Sendable, Hashable {
        /// The kind of error.
        var kind: RunError.Kind
        /// The response's status, if there was one.
        var status: Int?
        /// What the server asked for in `Retry-After`.
        var retryAfter: Duration?
        /// It may pass by itself, although it is no network error: a token that cannot be renewed just now.
        var isTransient = false
    }

    /// The rule in force.
    let policy: RetryPolicy

    /// The wait before the next attempt; nil when there is none.
    ///
    /// - Parameters:
    ///   - attempt: the one that failed, from 1.
    ///   - random: from 0 to 1: which part of the computed wait is taken.
    ///   - remaining: until the run's deadline. A wait that does not end before it is not worth waiting.
    func wait(after failure: Failure, attempt: Int, random: Double, remaining: Duration) -> Duration? {
        guard attempt < policy.attempts, covers(failure) else { return nil }
        var wait = backoff(attempt: attempt)
        if policy.hasJitter { wait = wait * min(max(random, 0), 1) }
        // A server that says when it is ready is asked no earlier, even where that is later than our longest wait.
        if let retryAfter = failure.retryAfter { wait = max(wait, retryAfter) }
        return wait < remaining ? wait : nil
    }

    private func covers(_ failure: Failure) -> Bool {
        policy.conditions.contains { condition in
            switch condition {
            case .network: failure.kind == .network || failure.kind == .authorization && failure.isTransient
            case .timeout: failure.kind == .timeout
            case .exit: failure.kind == .exit
            case .statuses(let range): failure.status.map(range.contains) ?? false
            }
        }
    }

    /// `initial`, doubled for each attempt where it is exponential, at most `max`.
    private func backoff(attempt: Int) -> Duration {
        switch policy.backoff {
        case .fixed: return min(policy.initial, policy.max)
        case .exponential:
            var wait = policy.initial
            for _ in 1..<max(attempt, 1) where wait < policy.max { wait = wait * 2 }
            return min(wait, policy.max)
        }
    }
}
