public import CEL

/// How an API authenticates: the connection model of `authorization` (DESIGN section 6).
public struct Connector: Sendable {
    /// The name that connections refer to.
    public let name: String
    /// What people see.
    public var title: String?
    /// What a connection must or may give.
    public var fields: [Field] = []
    /// How credentials are gained and used.
    public var authorization = Authorization()
    /// What relative URLs are joined to; sees `connection`.
    public var baseURI: Template?
    /// One request that shows whether a connection works.
    public var test: HTTPAction?
    /// What TLS connections trust and present.
    public var tls: TLSSettings?
    /// The proxy that requests go through, as `http://host:port`.
    public var proxy: Template?
    /// Operations by name.
    public var operations: [String: Operation] = [:]
    /// Keys of the bag that acquire returns and that are no secret.
    public var publicKeys: Set<String> = []
    /// The file that it was read from; nil for one inside the binary.
    public var path: String?
    /// The connector's text.
    public let text: String

    init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// Keys of the bag that are never secret: they describe a token and do not open anything.
    static let descriptiveKeys: Set<String> = ["expires_in", "expires_at", "token_type", "scope"]

    /// The connector with one of the alternatives of `multi` as its authorization; nil when there is none of this name.
    func choosing(_ name: String) -> Connector? {
        guard let option = authorization.alternatives?.options.first(where: { $0.name == name }) else { return nil }
        var result = self
        result.authorization = option.authorization
        result.fields += option.fields
        return result
    }

    /// Whether a key of the bag must be kept from recipes, logs and listings.
    ///
    /// Secret are password fields, and all that acquire and refresh return except descriptive and `public:` keys.
    public func isSecret(_ key: String) -> Bool {
        if let field = fields.first(where: { $0.name == key }) { return field.isSecret }
        return !Self.descriptiveKeys.contains(key) && !publicKeys.contains(key)
    }
}

/// One value that a connection gives to its connector.
public struct Field: Sendable {
    /// Its name in `connection`.
    public let name: String
    /// What people see.
    public var label: String?
    /// Where to find the value.
    public var hint: String?
    /// A field is optional unless it says `optional: false`, as in the SDK.
    public var isOptional = true
    /// Where it holds of what is given, the field must be given although it is optional; sees the values as `input`.
    public var condition: Expression?
    /// How a form would show it; `password` makes it a secret.
    public var controlType = "text"
    /// Its value when the connection gives none.
    public var defaultValue: Value?
    /// The values that are allowed; nil allows all.
    public var choices: [Value]?
    /// The fields of a group (`type: object`); a connection gives a mapping with them.
    public var properties: [Field] = []

    /// What it holds when the connection gives nothing: a group then has what its members have by themselves.
    public var standardValue: Value {
        if let defaultValue { return defaultValue }
        guard !properties.isEmpty else { return .null }
        return .map(ValueMap(properties.map { ($0.name, $0.standardValue) }))
    }

    /// Its value is a URL, whole or relative to `base_uri`.
    public var isURL: Bool { controlType == "url" }
    /// The value must never be shown: a password, or a group with one in it.
    public var isSecret: Bool { controlType == "password" || properties.contains(where: \.isSecret) }
}

/// How credentials are gained, applied and renewed.
public struct Authorization: Sendable {
    /// The SDK's types; they differ in their defaults, not in what they can do.
    public enum Kind: String, Sendable, CaseIterable {
        case customAuth = "custom_auth"
        case oauth2
        case basicAuth = "basic_auth"
        case apiKey = "api_key"
        /// One of several, which the connection's fields select.
        case multi
        case none
    }

    /// When credentials are first acquired.
    public enum AcquireTime: String, Sendable, CaseIterable {
        /// Before the first request that `apply` cannot serve without them.
        case eager
        /// After the first request failed for want of them, as the SDK does.
        case signal
    }

    /// The SDK's type.
    public var kind = Kind.none
    /// Gains credentials; nil when there is nothing to gain.
    public var acquire: Exchange?
    /// Renews them with the refresh token.
    public var refresh: Exchange?
    /// How a person signs in, without whom `acquire` cannot be done; nil when it needs none.
    public var signIn: SignIn?
    /// Tells the server that they are not wanted any more (RFC 7009).
    public var revoke: Exchange?
    /// Adds them to a request.
    public var apply: Apply?
    /// Responses that renew: nil renews on every failure, as in the SDK.
    public var refreshOn: [Signal]?
    /// Successful responses that are none.
    public var detectOn: [Signal] = []
    /// When credentials are first acquired.
    public var acquireWhen = AcquireTime.eager
    /// Who the connection is, for people.
    public var identity: AccountName?
    /// What `multi` selects from; a connection's own authorization never has any.
    public var alternatives: Alternatives?

    /// Whether a renewal is possible at all.
    public var isRenewable: Bool { acquire != nil || refresh != nil }

    init() {}
}

/// How the account behind a connection is called: an e-mail address, a tenant.
public enum AccountName: Sendable {
    /// From what the bag holds.
    case text(Template)
    /// What the API answers, with `apply`.
    case request(Exchange.Step)
}

/// The authorizations of `type: multi`, and which one it is.
public struct Alternatives: Sendable {
    /// One of them.
    public struct Option: Sendable {
        /// What `selected` gives for it.
        public let name: String
        /// The whole of it.
        public let authorization: Authorization
        /// Fields that a connection has only with it.
        public let fields: [Field]
    }

    /// Gives an option's name; sees the connection's fields.
    public let selected: Template
    /// The options, in the order of the file.
    public let options: [Option]
}

/// What a person has to do before `acquire`, which then sees what came of it as `grant`.
public enum SignIn: Sendable {
    /// Signs in with a browser, which comes back with a code (RFC 6749 section 4.1).
    case browser(BrowserSignIn)
    /// Enters a code on another device (RFC 8628); the request that gives the code.
    case device(Exchange.Step)
}

/// The authorization endpoint, and what it is asked.
public struct BrowserSignIn: Sendable {
    /// Its URL; `state`, `redirect_uri` and the challenge are added.
    public let url: Template
    /// More of its query: `client_id`, `scope`.
    public let query: ValueTemplate?
    /// Whether a code is bound to who asked for it (RFC 7636, S256).
    public let usesPKCE: Bool
    /// Where the browser comes back to, an address of this machine; nil is a free port of 127.0.0.1 (RFC 8252 section 7.3).
    public let redirectURI: Template?
}

/// One or more requests whose result is merged into the bag.
public struct Exchange: Sendable {
    /// One request of an exchange.
    public struct Step: Sendable {
        /// Its name for later steps: `actions.NAME`.
        public let id: String?
        /// What is sent, without `apply`.
        public let request: HTTPAction
        /// Replaces the parsed body as the step's result.
        public let output: ValueTemplate?
    }

    /// The requests in order; the last one's result is merged.
    public let steps: [Step]

    /// Requests in order.
    public init(steps: [Step]) {
        self.steps = steps
    }
}

/// What `apply` adds to each request: maps, of which a member that is null is left out.
public struct Apply: Sendable {
    /// A map of header fields, which replace those of the same name.
    public var headers: ValueTemplate?
    /// A map of query parameters, which replace those of the same name.
    public var query: ValueTemplate?
    /// A map of members of a JSON or form body.
    public var body: ValueTemplate?
    /// What is computed from the request as it goes out.
    public var signature: Signature?

    /// Every expression in it.
    public var expressions: [Expression] {
        [headers, query, body, signature?.settings].compactMap { $0 }.flatMap(\.expressions)
    }

    /// Schemes that no expression can say, because they depend on the finished request or on the server's challenge.
    public enum Signature: Sendable {
        /// AWS Signature Version 4: `access_key_id`, `secret_access_key`, `session_token`, `region`, `service`.
        case awsSigV4(ValueTemplate)
        /// HTTP Digest (RFC 7616): `username`, `password`.
        case digest(ValueTemplate)

        /// The map with its settings.
        public var settings: ValueTemplate {
            switch self {
            case .awsSigV4(let settings), .digest(let settings): settings
            }
        }
    }

    init() {}
}

/// A response that speaks of the credentials: an entry of `refresh_on` or `detect_on`.
public enum Signal: Sendable {
    /// The response's status.
    case status(Int)
    /// The whole body, the reason phrase, or code and reason.
    case text(String)
    /// Found anywhere in the body or in code and reason (RE2).
    case pattern(Pattern)
}

/// A request that a connector offers by name.
public struct Operation: Sendable {
    /// What it takes.
    public var inputs: [InputDefinition] = []
    /// What it sends.
    public let request: HTTPAction
    /// Replaces the action's result; sees `response` and `inputs`.
    public var output: ValueTemplate?
}
