import Synchronization

/// What a sandbox has counted since it was made or reset.
public struct SandboxStatistics: Sendable, Equatable {
    /// Requests to the token endpoint, refused ones and faults included.
    public var tokenRequests: Int
    /// Access tokens given for the client's own credentials.
    public var clientCredentialsGrants: Int
    /// Access tokens given for a refresh token.
    public var refreshGrants: Int
    /// Refresh tokens that came again after they were spent; each revoked its family.
    public var refreshReuse: Int
    /// Requests by endpoint, such as `GET /api/v5/me`; endpoints without a request are absent.
    public var routes: [String: Int]
    /// Answers by status.
    public var statuses: [Int: Int]
    /// Connections dropped because a request asked for it.
    public var drops: Int
    /// Messages received, duplicates not counted.
    public var messages: Int
    /// Messages that came again under an idempotency key that was used.
    public var duplicates: Int

    /// The members of the JSON object at `/_stats`, in order.
    var members: [(String, JSONValue)] {
        [
            ("token_requests", .int(tokenRequests)),
            ("client_credentials_grants", .int(clientCredentialsGrants)),
            ("refresh_grants", .int(refreshGrants)),
            ("refresh_reuse", .int(refreshReuse)),
            ("client", ["id": .string(DemoClient.id), "secret": .string(DemoClient.secret)]),
            ("routes", .object(routes.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) })),
            ("statuses", .object(statuses.sorted { $0.key < $1.key }.map { (String($0.key), .int($0.value)) })),
            ("drops", .int(drops)),
            ("messages", .int(messages)),
            ("duplicates", .int(duplicates)),
        ]
    }
}

extension SandboxState {
    /// The counters as they stand.
    var statistics: SandboxStatistics {
        let (requests, statuses, drops) = log.withLock { ($0.requests, $0.statuses, $0.drops) }
        let grants = tokens.withLock { $0.counts }
        let (received, duplicates) = messages.withLock { ($0.received, $0.duplicates) }
        var routes: [String: Int] = [:]
        var tokenRequests = 0
        for endpoint in Endpoint.all where requests[endpoint.index] > 0 {
            routes[endpoint.name] = requests[endpoint.index]
            if case .token = endpoint.operation { tokenRequests += requests[endpoint.index] }
        }
        return SandboxStatistics(
            tokenRequests: tokenRequests,
            clientCredentialsGrants: grants.clientCredentialsGrants,
            refreshGrants: grants.refreshGrants,
            refreshReuse: grants.refreshReuse,
            routes: routes,
            statuses: statuses,
            drops: drops,
            messages: received,
            duplicates: duplicates
        )
    }
}
