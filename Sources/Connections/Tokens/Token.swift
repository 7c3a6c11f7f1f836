import CEL
import Schedule
import Store
import Synchronization

/// One generation of a connection's credentials: what acquire and refresh have returned so far.
struct Token: Sendable {
    /// The bag's key for the digest of the secrets that the last renewal which went well began from; no field can have this name.
    static let originKey = "@secrets"

    /// Its own within this process: after a revocation generations begin anew.
    let number: Int
    /// Counted up by each renewal.
    let generation: Int64
    /// What was returned, merged over what earlier generations returned.
    let bag: ValueMap
    /// The moment before the request that brought it was sent.
    let acquiredAt: Instant
    /// When the access token expires; nil when the server did not say.
    let expiresAt: Instant?
    /// When the refresh token expires; nil when the server did not say.
    let refreshExpiresAt: Instant?

    init(generation: Int64, bag: ValueMap, acquiredAt: Instant, expiresAt: Instant?, refreshExpiresAt: Instant?) {
        number = Self.numbers.add(1, ordering: .relaxed).newValue
        self.generation = generation
        self.bag = bag
        self.acquiredAt = acquiredAt
        self.expiresAt = expiresAt
        self.refreshExpiresAt = refreshExpiresAt
    }

    /// The token of a record; nil for one that never had any.
    init?(_ record: TokenRecord) {
        guard record.generation > 0, case .map(let bag) = record.bag else { return nil }
        self.init(
            generation: record.generation,
            bag: bag,
            acquiredAt: record.acquiredAt,
            expiresAt: record.expiresAt,
            refreshExpiresAt: record.refreshExpiresAt
        )
    }

    private static let numbers = Atomic(0)

    /// The lifetime that the server, or the connector's author, gave the refresh token last.
    var refreshLifetime: Duration? { TokenExpiry.refreshLifetime(bag) }

    /// The refresh token, when there is one.
    static func refreshToken(in bag: ValueMap) -> Value? {
        guard let value = bag["refresh_token"], !value.isNull, !value.text.isEmpty else { return nil }
        return value
    }
}

/// When a token expires, read from what acquire or refresh returned.
enum TokenExpiry {
    /// `expires_in` (seconds, a number or digits in a text; RFC 6749 section 5.1), else `expires_at` (seconds since 1970 or RFC 3339).
    ///
    /// `sentAt` is the moment before the request was sent: the server's clock began to run after it. Zero and less mean unknown, and so does a
    /// moment before the request: clocks differ, and a token that each request had to renew would be worse than one that the server refuses.
    static func accessToken(_ result: ValueMap, sentAt: Instant) -> Instant? {
        if let seconds = number(result["expires_in"]), seconds > 0 { return sentAt + .seconds(seconds) }
        return moment(result["expires_at"]).flatMap { $0 > sentAt ? $0 : nil }
    }

    private static func moment(_ value: Value?) -> Instant? {
        switch value {
        case .timestamp(let moment): return Instant(rfc3339: moment.rfc3339)
        case .string(let text):
            if let moment = Instant(rfc3339: text) { return moment }
        default: break
        }
        guard let seconds = number(value), seconds > 0 else { return nil }
        // Thirteen digits are milliseconds.
        return Instant(microseconds: Int64(seconds > 1e11 ? seconds * 1e3 : seconds * 1e6))
    }

    /// `refresh_token_expires_in`, in seconds.
    static func refreshToken(_ result: ValueMap, sentAt: Instant) -> Instant? {
        refreshLifetime(result).map { sentAt + $0 }
    }

    static func refreshLifetime(_ result: ValueMap) -> Duration? {
        guard let seconds = number(result["refresh_token_expires_in"]), seconds > 0 else { return nil }
        return .seconds(seconds)
    }

    private static func number(_ value: Value?) -> Double? {
        let number: Double? =
            switch value {
            case .int(let number): Double(number)
            case .uint(let number): Double(number)
            case .double(let number): number
            case .string(let text): Double(text)
            default: nil
            }
        // A thousand years: what is longer does not expire, and would not fit.
        guard let number, number.isFinite, number < 3.2e10 || (number > 1e11 && number < 3.2e13) else { return nil }
        return number
    }
}
