public import CEL
public import YAML

/// One account of an API: a connector and the values of its fields (DESIGN section 6).
public struct Connection: Sendable {
    /// One reading of the file: copies of it are the same object, another reading is another, whatever it says.
    public final class Reading: Sendable {}

    /// Which reading of its file it comes from.
    public let reading = Reading()
    /// Its name, or `inline-` and a hash of its text.
    public let name: String
    /// How it authenticates.
    public let connector: Connector
    /// Where each field's value comes from.
    public var fields: [(name: String, source: FieldSource)] = []
    /// Where the values of fields stand, by name; those of a group's as `group.name`.
    public var fieldSpans: [String: Span] = [:]
    /// Replaces the connector's.
    public var baseURI: Template?
    /// Replaces the connector's.
    public var test: HTTPAction?
    /// Replaces the connector's.
    public var tls: TLSSettings?
    /// Replaces the connector's.
    public var proxy: Template?
    /// Origins beside that of `base_uri` to which the credential may go, as `https://host[:port]`.
    public var allowedOrigins: [String] = []
    /// Plain `http` beyond loopback is allowed.
    public var allowsPlainHTTP = false
    /// The most requests in a time, shared by all that use the connection.
    public var rateLimit: RateLimit?
    /// The most requests at the same time.
    public var maxConcurrency: Int?
    /// The longest renewal.
    public var renewTimeout = Defaults.renewTimeout
    /// The file that it was read from.
    public var path: String
    /// Where it stands.
    public let place: Place

    init(name: String, connector: Connector, path: String, place: Place) {
        self.name = name
        self.connector = connector
        self.path = path
        self.place = place
    }

    /// What the names of those that recipes hold themselves begin with.
    static let inlinePrefix = "inline-"

    /// Whether this is the name of one that a recipe holds itself.
    public static func isInline(_ name: String) -> Bool { name.hasPrefix(inlinePrefix) }

    /// The base URI in force.
    public var effectiveBaseURI: Template? { baseURI ?? connector.baseURI }
    /// The TLS settings in force.
    public var effectiveTLS: TLSSettings? { tls ?? connector.tls }
    /// The proxy in force.
    public var effectiveProxy: Template? { proxy ?? connector.proxy }
    /// The test in force.
    public var effectiveTest: HTTPAction? { test ?? connector.test }
}

/// Where a field's value comes from.
public enum FieldSource: Sendable {
    /// Written in the file.
    case literal(Value)
    /// An environment variable, or one of the workspace's `.env`; the default where it is not set.
    case env(String, default: Value?)
    /// A file's text without its last line break; relative to the workspace.
    case file(String)
    /// The first line of a program's standard output.
    case command([String])
    /// A systemd credential.
    case credential(String)
    /// A group of fields, each with a source of its own.
    indirect case group([(name: String, source: FieldSource)])
}

/// The most requests in a time.
public struct RateLimit: Sendable, Hashable {
    /// How many requests.
    public let count: Int
    /// The time in which they may be sent.
    public let per: Duration
}

/// Which connection an action sends through.
///
/// Indirect: every action has room for one, and few name any.
public indirect enum ConnectionReference: Sendable {
    /// One of the workspace's, by name.
    case named(String, Place)
    /// One that the recipe holds itself.
    case inline(Connection)
}
