import CEL
import Schedule
import Store

/// What a token keeper needs of the connection whose token it keeps.
protocol Renewer: Sendable {
    /// The longest renewal.
    var timeout: Duration { get }

    /// No person is needed for a new token.
    var isUnattended: Bool { get }

    /// Resolves what acquire and refresh read, from their sources when `isFresh`, and digests the secrets among it.
    func prepare(isFresh: Bool) async throws(ConnectionError) -> SecretDigest

    /// The digest of those secrets that can be had at next to no cost; nothing is run for it.
    func cheapDigest() async -> SecretDigest

    /// Whether a digest costs the run of a program.
    var isDigestCostly: Bool { get }

    /// Refreshes or acquires; a refresh token in doubt is presented only where nothing else would give a token.
    func renew(_ bag: ValueMap, sentAt: Instant, refreshToken: RefreshTokenStanding) async -> Renewal

    /// Hides all that is secret in the bag.
    func learn(_ bag: ValueMap)
}

/// What is known of the refresh token that the store holds.
enum RefreshTokenStanding: Sendable, Hashable {
    /// Nobody has presented it.
    case unspent
    /// A process that has died may have presented it.
    ///
    /// A server with rotation takes a second time for theft and revokes all tokens of the sign-in (RFC 9700 section 4.14.2).
    case inDoubt
}

/// What came of a renewal's requests.
struct Renewal: Sendable {
    enum Outcome: Sendable {
        /// What was returned, not merged yet.
        case returned(ValueMap)
        case failed(RenewalProblem)
    }

    var kind: RenewalKind
    var outcome: Outcome
}

/// Why a renewal gave nothing.
struct RenewalProblem: Error, Sendable, Hashable {
    /// Redacted, without the connection's name.
    var message: String
    /// Trying again would end the same way.
    var isFinal = false
    /// The refresh token itself was refused.
    var isGrantRefused = false
    /// What the server calls it (RFC 6749 section 5.2).
    var code: String?
    /// What the server asked for.
    var retryAfter: Duration?
}
