public import CEL
public import Recipe

/// A request whose expressions have been evaluated, before the connection adds its part.
public struct PreparedRequest: Sendable {
    /// The request's method.
    public var method: HTTPMethod
    /// A path that is joined to `base_uri`, or a whole URL.
    public var url: String
    /// Added to the URL's query.
    public var query: [(String, String)] = []
    /// Header fields.
    public var headers: [(String, String)] = []
    /// What is sent.
    public var body = PreparedBody.none
    /// How the response's body is read.
    public var format = ResponseFormat.auto
    /// The longest time from the first try to connect to the last byte of the response.
    public var timeout = Defaults.actionTimeout
    /// The largest body that is read, in bytes.
    public var maxBytes = Defaults.maxBodyBytes
    /// A body that cannot be read is quoted in the message; not so where it may be a credential that nobody knows yet.
    var quotesBody = true
    /// Which redirects are followed.
    public var redirects = RedirectPolicy.follow
    /// Whether it is sent again after a renewal.
    public var replay = ReplayPolicy.always
    /// Sending it twice is the same as sending it once: an idempotent method, or an idempotency key.
    public var isRepeatable: Bool
    /// The file that a successful response's body goes to; its `body` is then `{path, bytes}`.
    public var saveTo: SaveTarget?
    /// Called when the request's head goes out, each time that it is sent.
    public var onSend: (@Sendable () -> Void)?
    /// The action that sends it; nil for a request of the connection itself.
    public var sender: RequestSender?
    /// Where the same action always asks for the same URL.
    public var memo: URLMemo?

    /// A request without query, headers and body.
    public init(_ method: HTTPMethod, _ url: String) {
        self.method = method
        self.url = url
        isRepeatable = method.isIdempotent
    }

    /// Evaluates the templates of an action.
    ///
    /// In `query`, `headers` and `form` null omits a key and a list repeats it (DESIGN section 5). Throws an `ExpressionError`
    /// with the place of the expression that failed, or when a header cannot be sent as it is.
    public init(
        _ action: HTTPAction,
        scope: Scope,
        timeout: Duration = Defaults.actionTimeout
    ) throws(ExpressionError) {
        self.init(action.method, try action.url.text(in: scope))
        query = Self.pairs(try action.query?.evaluate(in: scope))
        headers = try Self.headers(action.headers, in: scope)
        switch action.body {
        case .none: body = .none
        case .json(let template): body = .json(try template.evaluate(in: scope))
        case .form(let template): body = .form(Self.pairs(try template.evaluate(in: scope)))
        case .text(let template): body = .text(try template.text(in: scope))
        case .multipart(let fields): body = .multipart(try MultipartForm(fields, in: scope))
        }
        format = action.response
        self.timeout = timeout
        maxBytes = action.maxBytes
        redirects = action.redirects
        replay = action.replay
        isRepeatable = action.method.isIdempotent || action.idempotencyKey != nil
    }

    /// The members of a map as pairs of texts; anything else has none.
    static func pairs(_ value: Value?) -> [(String, String)] {
        guard case .map(let map) = value else { return [] }
        var result: [(String, String)] = []
        result.reserveCapacity(map.count)
        for entry in map {
            let name = entry.key.text
            switch entry.value {
            case .null: continue
            case .list(let items): for item in items where !item.isNull { result.append((name, item.text)) }
            default: result.append((name, entry.value.text))
            }
        }
        return result
    }

    /// The members of a map as header fields.
    ///
    /// Throws when one of them cannot be sent.
    static func headers(_ template: ValueTemplate?, in scope: Scope) throws(ExpressionError) -> [(String, String)] {
        guard let template else { return [] }
        let headers = pairs(try template.evaluate(in: scope))
        for (name, value) in headers {
            let place = template.expressions.first?.place
            guard HTTPToken.isValid(name) else {
                throw ExpressionError(message: "a header has a name that HTTP does not allow", place: place)
            }
            // A line break would let a value add headers of its own (RFC 9110 section 5.5).
            guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
                throw ExpressionError(
                    message: "the value of the header `\(name)` holds a line break or another control character",
                    place: place
                )
            }
            guard !framing.contains(name.lowercased()) else {
                throw ExpressionError(message: "the header `\(name)` is set by the HTTP client itself", place: place)
            }
        }
        return headers
    }

    /// Headers that say where a message ends; from a recipe they could only lie (RFC 9112 section 6).
    private static let framing: Set<String> = ["content-length", "transfer-encoding", "connection", "upgrade", "te"]
}

/// What a request carries.
public enum PreparedBody: Sendable {
    case none
    /// JSON, with its content type.
    case json(Value)
    /// `application/x-www-form-urlencoded`.
    case form([(String, String)])
    /// Text as it stands, with no content type of its own.
    case text(String)
    /// `multipart/form-data`.
    case multipart(MultipartForm)
}
