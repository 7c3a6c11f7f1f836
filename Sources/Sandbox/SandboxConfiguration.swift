/// How a sandbox behaves.
///
/// Every property has a default that suits a first try.
public struct SandboxConfiguration: Sendable, Equatable {
    /// The port on 127.0.0.1; 0, the default, takes any that is free.
    public var port: Int
    /// How long an access token is good, one hour by default; `expires_in` gives it in whole seconds, rounded down.
    public var tokenLifetime: Duration
    /// Whether each refresh gives out a new refresh token and spends the old one (RFC 6749 section 6, RFC 9700 section 4.14).
    ///
    /// A spent refresh token that comes again is counted and revokes all tokens of its family. Off by default.
    public var rotate: Bool
    /// How long the token endpoint takes to answer, none by default.
    public var tokenLatency: Duration
    /// How many issues there are, 100 by default.
    public var items: Int
    /// How many issues a page holds when the request does not say, 20 by default.
    public var perPage: Int

    /// Makes a configuration; what is not named keeps its default.
    public init(
        port: Int = 0,
        tokenLifetime: Duration = .seconds(3600),
        rotate: Bool = false,
        tokenLatency: Duration = .zero,
        items: Int = 100,
        perPage: Int = 20
    ) {
        self.port = port
        self.tokenLifetime = tokenLifetime
        self.rotate = rotate
        self.tokenLatency = tokenLatency
        self.items = items
        self.perPage = perPage
    }

    /// How many issues a sandbox can hold.
    static let itemCounts = 0...1_000_000

    /// Why this configuration cannot be served, or nil.
    var fault: SandboxError? {
        if !(0...65535).contains(port) { return .invalidSetting(name: "port", allowed: "0 to 65535") }
        if tokenLifetime <= .zero { return .invalidSetting(name: "tokenLifetime", allowed: "more than 0") }
        if tokenLatency < .zero { return .invalidSetting(name: "tokenLatency", allowed: "0 or more") }
        if !Self.itemCounts.contains(items) { return .invalidSetting(name: "items", allowed: "0 to 1000000") }
        if !IssuePage.sizes.contains(perPage) { return .invalidSetting(name: "perPage", allowed: "1 to 1000") }
        return nil
    }
}
