/// Every token that was given out, and what becomes of it.
///
/// A pure value: moments come in as the time since the sandbox started, and nothing here waits or sends.
struct TokenLedger: Sendable {
    /// What a grant answers, RFC 6749 section 5.1.
    struct Grant: Sendable, Equatable {
        let accessToken: String
        /// Nil when the refresh token that was presented stays in use.
        let refreshToken: String?
        let lifetime: Duration
        let scope: String?
    }

    struct AccessToken: Sendable {
        let family: Int
        let scope: String?
        var expiry: Duration
    }

    private struct RefreshToken {
        enum State {
            case current
            case spent
        }

        let family: Int
        let scope: String?
        var state: State
    }

    private let lifetime: Duration
    private let rotates: Bool
    private var accessTokens: [String: AccessToken] = [:]
    private var refreshTokens: [String: RefreshToken] = [:]
    private var lastFamily = 0
    private var pruneAbove = Self.firstPruning

    private(set) var counts = Counts()

    /// How often each thing happened.
    struct Counts: Sendable, Equatable {
        var clientCredentialsGrants = 0
        var refreshGrants = 0
        var refreshReuse = 0
    }

    /// Below this many access tokens it is not worth looking for the expired ones.
    private static let firstPruning = 1024

    init(lifetime: Duration, rotates: Bool) {
        self.lifetime = lifetime
        self.rotates = rotates
    }

    mutating func grantClientCredentials(scope: String?, at now: Duration) -> Grant {
        counts.clientCredentialsGrants += 1
        lastFamily += 1
        return issue(family: lastFamily, scope: scope, withRefreshToken: true, at: now)
    }

    /// Trades a refresh token for an access token; a spent one revokes its whole family (RFC 9700 section 4.14.2).
    mutating func refresh(_ token: String, scope: String?, at now: Duration) throws(OAuthError) -> Grant {
        guard let known = refreshTokens[token] else {
            throw OAuthError(.invalidGrant, "the refresh token is not known, or was revoked")
        }
        if known.state == .spent {
            counts.refreshReuse += 1
            revoke(family: known.family)
            throw OAuthError(.invalidGrant, "the refresh token was used before; all tokens of its family are revoked")
        }
        // RFC 6749 section 6: the scope may be narrowed, never widened.
        let granted = Set((known.scope ?? "").split(separator: " "))
        guard Set((scope ?? "").split(separator: " ")).isSubset(of: granted) else {
            throw OAuthError(.invalidScope, "the scope asks for more than was granted")
        }
        counts.refreshGrants += 1
        if rotates {
            refreshTokens[token]?.state = .spent
        }
        return issue(family: known.family, scope: scope ?? known.scope, withRefreshToken: rotates, at: now)
    }

    /// Revokes an access token alone, or a refresh token with all its family; unknown tokens are none of our business (RFC 7009 section 2.2).
    mutating func revoke(_ token: String) {
        if let refreshToken = refreshTokens[token] {
            revoke(family: refreshToken.family)
        } else {
            accessTokens[token] = nil
        }
    }

    /// Ends every access token now, while refresh tokens live on.
    mutating func expireAccessTokens() {
        accessTokens = [:]
    }

    /// The token, if it is known and good at `now`.
    func accessToken(_ token: String, at now: Duration) -> AccessToken? {
        guard let known = accessTokens[token], now < known.expiry else { return nil }
        return known
    }

    mutating func resetCounts() {
        counts = Counts()
    }

    private mutating func issue(family: Int, scope: String?, withRefreshToken: Bool, at now: Duration) -> Grant {
        prune(at: now)
        let accessToken = RandomToken.make(prefix: "at")
        accessTokens[accessToken] = AccessToken(family: family, scope: scope, expiry: now + lifetime)
        var refreshToken: String?
        if withRefreshToken {
            let token = RandomToken.make(prefix: "rt")
            refreshTokens[token] = RefreshToken(family: family, scope: scope, state: .current)
            refreshToken = token
        }
        return Grant(accessToken: accessToken, refreshToken: refreshToken, lifetime: lifetime, scope: scope)
    }

    private mutating func revoke(family: Int) {
        accessTokens = accessTokens.filter { $0.value.family != family }
        refreshTokens = refreshTokens.filter { $0.value.family != family || $0.value.state == .spent }
    }

    /// Drops expired tokens, each time that twice as many are held as were good the last time.
    private mutating func prune(at now: Duration) {
        guard accessTokens.count > pruneAbove else { return }
        accessTokens = accessTokens.filter { now < $0.value.expiry }
        pruneAbove = max(Self.firstPruning, 2 * accessTokens.count)
    }
}

/// Names that nobody can guess.
enum RandomToken {
    /// 128 random bits in hexadecimal, after a prefix that says what the token is.
    static func make(prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let halves = [generator.next(), generator.next()].map { (half: UInt64) in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return "\(prefix)-\(halves.joined())"
    }
}
