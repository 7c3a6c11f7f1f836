import Schedule
import Store

/// What a token needs, decided from events and moments; nothing is done here (DESIGN section 6, "The token's life").
struct TokenLifecycle: Sendable {
    /// What the caller must do.
    enum Decision: Sendable, Hashable {
        /// Send with the token as it is.
        case proceed
        /// Send with the token as it is, and start a renewal beside it.
        case renewInBackground(RenewalReason)
        /// Start a renewal and wait for it.
        case renewAndWait(RenewalReason)
        /// Wait for the renewal that is going on.
        case wait
        /// The token cannot be had now.
        case fail(Trouble)
        /// The response is the answer: another renewal would not help.
        case giveUp
    }

    /// Why there is no renewal.
    enum Trouble: Sendable, Hashable {
        /// Renewals fail; the next one may start at `until`.
        case cooling(until: Instant, failures: Int, message: String)
        /// Only a person can mend it.
        case needsAttention(message: String)
    }

    private struct Current: Sendable {
        let generation: Int64
        let acquiredAt: Instant
        let expiresAt: Instant?
        let renewAt: Instant?
        let keepAliveAt: Instant?
        /// A signal brought it: if signals come back at once, the token is not what is wrong.
        ///
        /// Nil: another process knows.
        var isFromSignal: Bool?
        /// Why it must not be used any more; nil while it may.
        var spentBy: RenewalReason?
        /// A response to it was a success.
        var isProven = false
        /// Until then no signal renews it.
        var quietUntil: Instant?
    }

    /// How long signals of a generation that did not help are passed over.
    static let quietTime = Duration.seconds(60)
    /// The first wait after a failed renewal; each further one is twice as long.
    static let firstBackoff = Duration.seconds(1)
    /// The longest wait after failed renewals, `Retry-After` excepted.
    static let longestBackoff = Duration.seconds(300)
    /// The longest time that a renewal starts ahead of expiry.
    static let longestMargin = Duration.seconds(300)

    private var current: Current?
    private(set) var trouble: Trouble?
    /// A renewal is going on.
    private(set) var isRenewing = false

    /// The generation in use; 0 when there is no token yet.
    var generation: Int64 { current?.generation ?? 0 }

    // MARK: Events

    /// A request is about to be sent.
    ///
    /// `isNeeded`: it cannot be sent without a token.
    mutating func use(now: Instant, isNeeded: Bool) -> Decision {
        guard let current else { return isNeeded ? renew(.firstUse, now) : attention ?? .proceed }
        if let reason = current.spentBy { return renew(reason, now) }
        if let expiresAt = current.expiresAt, expiresAt <= now { return renew(.expiry, now) }
        if let attention { return attention }
        guard let renewAt = current.renewAt, renewAt <= now, !isRenewing, !isCooling(now) else { return .proceed }
        isRenewing = true
        return .renewInBackground(.expiry)
    }

    /// A response to a request that used `generation` says that its token is spent.
    mutating func signal(generation used: Int64, now: Instant) -> Decision {
        guard used >= generation else { return .proceed }
        if let attention { return attention }
        if let current {
            if let until = current.quietUntil, now < until { return .giveUp }
            if current.isFromSignal == true, !current.isProven, now < current.acquiredAt + Self.quietTime {
                return .giveUp
            }
            self.current?.spentBy = .signal
        }
        return renew(current == nil ? .firstUse : .signal, now)
    }

    /// A response to a request that used `generation` was a success.
    mutating func succeeded(generation used: Int64) {
        if used == generation { current?.isProven = true }
    }

    /// A request that was sent again with the renewed token `generation` got a signal again.
    mutating func replayMatched(generation used: Int64, now: Instant) {
        guard used == generation else { return }
        current?.quietUntil = now + Self.quietTime
    }

    /// A person asked for a renewal.
    mutating func demand() -> Decision {
        if isRenewing { return .wait }
        trouble = nil
        isRenewing = true
        return .renewAndWait(.manual)
    }

    /// The timer rang; `isUsed`: the token was used since it came.
    mutating func timer(now: Instant, isUsed: Bool) -> Decision {
        guard let current, !isRenewing, trouble == nil || !isCooling(now), attention == nil else { return .proceed }
        if isUsed, let renewAt = current.renewAt, renewAt <= now {
            isRenewing = true
            return .renewInBackground(.expiry)
        }
        if let keepAliveAt = current.keepAliveAt, keepAliveAt <= now {
            isRenewing = true
            return .renewInBackground(.keepAlive)
        }
        return .proceed
    }

    /// A token is there, from a renewal or from the store.
    ///
    /// `reason` is that of the renewal which brought it, nil when it was stored before. `jitter` (0 to 1) delays its own renewal.
    mutating func adopt(_ token: Token, reason: RenewalReason?, jitter: Double) {
        trouble = nil
        let renewAt = token.expiresAt.map { expiresAt -> Instant in
            let lifetime = max(expiresAt - token.acquiredAt, .zero)
            let margin = min(Self.longestMargin, lifetime / 4)
            // Never earlier, and at most half of what is left of the margin later.
            return expiresAt - margin + min(lifetime / 20, margin / 2) * jitter
        }
        let keepAliveAt = token.refreshExpiresAt.flatMap { expiresAt -> Instant? in
            let lifetime = token.refreshLifetime ?? max(expiresAt - token.acquiredAt, .zero)
            let moment = expiresAt - lifetime * 0.15
            // A token that came later than that did not prolong the refresh token's life: neither would the next one.
            return moment > token.acquiredAt ? moment : nil
        }
        current = Current(
            generation: token.generation,
            acquiredAt: token.acquiredAt,
            expiresAt: token.expiresAt,
            renewAt: renewAt,
            keepAliveAt: keepAliveAt,
            isFromSignal: reason.map { $0 == .signal }
        )
    }

    /// Whether the history must tell if a signal brought the token, before another signal renews it.
    func wantsOrigin(now: Instant) -> Bool {
        guard let current, current.isFromSignal == nil, !current.isProven else { return false }
        return now < current.acquiredAt + Self.quietTime
    }

    /// What the history tells of a generation.
    mutating func learnOrigin(of generation: Int64, isFromSignal: Bool) {
        if generation == self.generation, current?.isFromSignal == nil { current?.isFromSignal = isFromSignal }
    }

    /// The secrets that the token was acquired with have changed: it is renewed before it is used.
    mutating func expire(_ reason: RenewalReason) {
        current?.spentBy = reason
    }

    /// There is no token any more, and nothing stands in the way of another one.
    mutating func forget() {
        current = nil
        trouble = nil
    }

    /// The renewal that was going on has ended, whatever came of it.
    mutating func renewalEnded() {
        isRenewing = false
    }

    /// A renewal failed.
    mutating func failed(_ message: String, isFinal: Bool, retryAfter: Duration?, now: Instant) -> Trouble {
        let result: Trouble
        if isFinal {
            result = .needsAttention(message: message)
        } else {
            var failures = 1
            if case .cooling(_, let before, _) = trouble { failures = before + 1 }
            let backoff = min(Self.firstBackoff * (1 << min(failures - 1, 16)), Self.longestBackoff)
            result = .cooling(until: now + max(backoff, retryAfter ?? .zero), failures: failures, message: message)
        }
        trouble = result
        return result
    }

    /// Another process recorded why there is no renewal; nil voids what stood in the way.
    mutating func setTrouble(_ trouble: Trouble?) {
        self.trouble = trouble
    }

    // MARK: Questions

    /// Whether the token is no good for any request.
    func isSpent(now: Instant) -> Bool {
        guard let current else { return true }
        return current.spentBy != nil || current.expiresAt.map { $0 <= now } ?? false
    }

    /// Until when requests may take the token without asking; nil when they must ask each time.
    var freeUntil: Instant? {
        guard let current, current.spentBy == nil, attention == nil else { return nil }
        let never = Instant(microseconds: .max)
        let expiresAt = current.expiresAt ?? never
        if isRenewing { return expiresAt }
        var renewAt = current.renewAt ?? never
        if case .cooling(let until, _, _) = trouble { renewAt = max(renewAt, until) }
        return min(expiresAt, renewAt)
    }

    /// Whether successes of the current generation still need to be told.
    var wantsProof: Bool {
        guard let current else { return false }
        return current.isFromSignal != false && !current.isProven
    }

    /// When the timer should ring next after `now`.
    func nextTimer(after now: Instant, isUsed: Bool) -> Instant? {
        guard let current, attention == nil else { return nil }
        var moments = [current.keepAliveAt]
        // A moment that has passed unused stays passed: an idle connection must cost nothing.
        if let renewAt = current.renewAt, isUsed || renewAt > now { moments.append(renewAt) }
        guard var next = moments.compactMap({ $0 }).min() else { return nil }
        if case .cooling(let until, _, _) = trouble { next = max(next, until) }
        return next
    }

    private func isCooling(_ now: Instant) -> Bool {
        if case .cooling(let until, _, _) = trouble { now < until } else { false }
    }

    private var attention: Decision? {
        guard case .needsAttention = trouble, let trouble else { return nil }
        return .fail(trouble)
    }

    private mutating func renew(_ reason: RenewalReason, _ now: Instant) -> Decision {
        if isRenewing { return .wait }
        if let attention { return attention }
        if let trouble, isCooling(now) { return .fail(trouble) }
        isRenewing = true
        return .renewAndWait(reason)
    }
}
