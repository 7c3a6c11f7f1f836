import Recipe
public import Schedule
public import Store

/// How a connection stands, for people.
public struct ConnectionStatus: Sendable, Hashable {
    /// What may be said of its token (DESIGN section 6).
    public enum State: Sendable, Hashable {
        /// It acquires no token: its fields are its credential, or it has none.
        case unmanaged
        /// No token yet.
        case new
        /// A token is there; it may have expired and will then be renewed at the next use.
        case valid
        /// A renewal is under way, here or in another process.
        case renewing
        /// Renewals fail; the next one may start at `until`.
        case cooling(until: Instant, message: String)
        /// A person must mend it.
        case needsAttention(message: String)
    }

    /// The connection's name.
    public let name: String
    /// Its connector's name.
    public let connector: String
    /// How it stands.
    public let state: State
    /// The token's generation; 0 when there is none.
    public let generation: Int64
    /// When the token came.
    public let acquiredAt: Instant?
    /// When it expires.
    public let expiresAt: Instant?
    /// When the refresh token expires.
    public let refreshExpiresAt: Instant?
    /// The newest renewal, whatever came of it.
    public let lastRenewal: RenewalRecord?
}

extension ConnectionSession {
    /// How the connection stands, as the store knows it; sends nothing.
    ///
    /// Throws when a field or the store cannot be read.
    public func status() async throws(ConnectionError) -> ConnectionStatus {
        let connector = definition.connector?.name ?? "none"
        guard definition.isRenewable else {
            return ConnectionStatus(
                name: name,
                connector: connector,
                state: .unmanaged,
                generation: 0,
                acquiredAt: nil,
                expiresAt: nil,
                refreshExpiresAt: nil,
                lastRenewal: nil
            )
        }
        let identity = try await identity()
        let record: TokenRecord?
        let renewals: [RenewalRecord]
        let isRenewing: Bool
        do {
            record = try await services.store.token(identity)
            renewals = try await services.store.renewals(of: name, limit: 20)
            isRenewing = try await services.store.renewing(now: services.clock.now()).contains(identity)
        } catch {
            throw ConnectionError(error)
        }
        let state: ConnectionStatus.State =
            switch record?.state {
            case _ where isRenewing: .renewing
            case nil: .new
            case .valid: record?.generation == 0 ? .new : .valid
            case .cooling(let until, _, let message): .cooling(until: until, message: redact(message))
            case .needsAttention(let message): .needsAttention(message: redact(message))
            }
        let hasToken = (record?.generation ?? 0) > 0
        return ConnectionStatus(
            name: name,
            connector: connector,
            state: state,
            generation: record?.generation ?? 0,
            acquiredAt: hasToken ? record?.acquiredAt : nil,
            expiresAt: record?.expiresAt,
            refreshExpiresAt: record?.refreshExpiresAt,
            lastRenewal: renewals.first { $0.identity == identity }
        )
    }
}
