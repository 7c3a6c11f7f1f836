public import Schedule

/// Why a token was renewed.
public enum RenewalReason: String, Sendable, Hashable, CaseIterable {
    /// There was none.
    case firstUse = "first_use"
    /// It had expired or was about to.
    case expiry
    /// A response said that it is spent (`refresh_on`, `detect_on`).
    case signal
    /// The refresh token would have died of idleness.
    case keepAlive = "keep_alive"
    /// A person asked.
    case manual
}

/// How a token was renewed.
public enum RenewalKind: String, Sendable, Hashable, CaseIterable {
    /// From the connection's own secrets.
    case acquire
    /// With the refresh token.
    case refresh
}

/// What came of a renewal.
public enum RenewalOutcome: Sendable, Hashable {
    /// A new token, of this generation.
    case renewed(generation: Int64)
    /// No token; the message is redacted.
    case failed(message: String)
    /// Somebody else was faster; theirs counts.
    case superseded
}

/// One renewal, as history.
public struct RenewalRecord: Sendable, Hashable {
    /// The connection's name.
    public var connection: String
    /// The token's identity.
    public var identity: String
    /// When it began.
    public var at: Instant
    /// Why.
    public var reason: RenewalReason
    /// How.
    public var kind: RenewalKind
    /// How long the requests took.
    public var duration: Duration
    /// What came of it.
    ///
    /// `Store.commitRenewal` writes what really happened, whatever stands here.
    public var outcome: RenewalOutcome
    /// Who did it.
    public var node: NodeID

    /// A record.
    public init(
        connection: String,
        identity: String,
        at: Instant,
        reason: RenewalReason,
        kind: RenewalKind,
        duration: Duration,
        outcome: RenewalOutcome,
        node: NodeID
    ) {
        self.connection = connection
        self.identity = identity
        self.at = at
        self.reason = reason
        self.kind = kind
        self.duration = duration
        self.outcome = outcome
        self.node = node
    }
}

/// The answer to `Store.leaseRenewal`.
public enum RenewalLease: Sendable, Hashable {
    /// Renew now; `current` is the newest token, which may already be newer than the one that the caller knew.
    ///
    /// `isTakenOver`: somebody else had the lease and recorded no end of the renewal, so the refresh token may have been presented already.
    case granted(current: TokenRecord?, isTakenOver: Bool = false)
    /// Another node is renewing; look again when it is done, `until` at the latest.
    case held(until: Instant)
}

/// The answer to `Store.commitRenewal`.
public enum RenewalCommit: Sendable, Hashable {
    /// The token is durable: use it.
    case committed
    /// A newer token was there already: use that one.
    case superseded(TokenRecord)
}

/// A renewal that gave no token, to be kept with the token it started from.
public struct RenewalFailure: Sendable, Hashable {
    /// The token's identity.
    public var identity: String
    /// The generation that the renewal started from; 0 when there was none.
    ///
    /// When a newer one exists, the failure says nothing about it and changes nothing.
    public var generation: Int64
    /// `cooling` or `needsAttention`.
    public var state: TokenState
    /// A digest of the secrets that were used.
    public var secretDigest: String

    /// A failure.
    public init(identity: String, generation: Int64, state: TokenState, secretDigest: String) {
        self.identity = identity
        self.generation = generation
        self.state = state
        self.secretDigest = secretDigest
    }
}
