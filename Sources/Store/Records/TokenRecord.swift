public import CEL
public import Schedule

/// Whether a connection's token may be used and renewed.
public enum TokenState: Sendable, Hashable {
    /// The last renewal went well.
    case valid
    /// The last renewals failed in a way that may pass: nobody renews before `until`.
    case cooling(until: Instant, failures: Int, message: String)
    /// The last renewal failed in a way that only a person can mend.
    case needsAttention(message: String)
}

/// What is kept for one connection identity.
public struct TokenRecord: Sendable, Hashable {
    /// Who the token belongs to: connection, its plain fields and the scope, hashed by the caller.
    public var identity: String
    /// The connection's name, for people.
    public var connection: String
    /// Counted up by each renewal that went well; 0 when none ever did.
    public var generation: Int64
    /// What acquire and refresh returned; sealed at rest.
    ///
    /// Nil when no renewal ever went well, and in the listing of `Store.tokens`.
    public var bag: Value?
    /// When this generation was acquired.
    public var acquiredAt: Instant
    /// When the access token expires; nil when the server did not say.
    public var expiresAt: Instant?
    /// When the refresh token expires; nil when the server did not say.
    public var refreshExpiresAt: Instant?
    /// Whether it may be used and renewed.
    public var state: TokenState
    /// A digest of the secrets that the last renewal used, whether it went well or not: another one makes `state` void.
    public var secretDigest: String

    /// A record; identity, connection, generation and moment have no default.
    public init(
        identity: String,
        connection: String,
        generation: Int64,
        bag: Value?,
        acquiredAt: Instant,
        expiresAt: Instant? = nil,
        refreshExpiresAt: Instant? = nil,
        state: TokenState = .valid,
        secretDigest: String = ""
    ) {
        self.identity = identity
        self.connection = connection
        self.generation = generation
        self.bag = bag
        self.acquiredAt = acquiredAt
        self.expiresAt = expiresAt
        self.refreshExpiresAt = refreshExpiresAt
        self.state = state
        self.secretDigest = secretDigest
    }
}
