import CEL

/// A request: the verbs `get post put patch delete head`, and the requests inside a connector.
public struct HTTPAction: Sendable {
    /// The request's method.
    public let method: HTTPMethod
    /// A path, joined to `base_uri` by RFC 3986 section 5, or a whole URL.
    public let url: Template
    /// A map that is added to the URL's query; null omits a key and a list repeats it.
    public var query: ValueTemplate?
    /// A map of header fields; null omits one and a list repeats it.
    public var headers: ValueTemplate?
    /// What is sent.
    public var body = RequestBody.none
    /// Which responses are a success.
    public var expect = Expectation.success
    /// How the response's body is read.
    public var response = ResponseFormat.auto
    /// How further pages are found.
    public var pagination: Pagination?
    /// Responses that are a success whatever `expect` says, and what becomes their body; the first that matches counts.
    public var onStatus: [(signal: Signal, body: ValueTemplate)] = []
    /// Which redirects are followed.
    public var redirects = RedirectPolicy.follow
    /// Whether the request is sent again after a renewal.
    public var replay = ReplayPolicy.always
    /// A key that makes a repeated request harmless.
    public var idempotencyKey: IdempotencyKey?
    /// The largest body that is read, in bytes.
    public var maxBytes = Defaults.maxBodyBytes
    /// The file that the body of a successful response goes to, instead of the result.
    public var saveTo: Template?
}

/// The methods of RFC 9110 section 9 and RFC 5789 that recipes use.
public enum HTTPMethod: String, Sendable, CaseIterable {
    case get, post, put, patch, delete, head

    /// The method as it is sent.
    public var token: String { rawValue.uppercased() }

    /// Asks for no change, so that doing it again changes nothing (RFC 9110 section 9.2.1).
    public var isSafe: Bool {
        switch self {
        case .get, .head: true
        case .post, .put, .patch, .delete: false
        }
    }

    /// Doing it twice is the same as doing it once (RFC 9110 section 9.2.2).
    public var isIdempotent: Bool {
        switch self {
        case .get, .put, .delete, .head: true
        case .post, .patch: false
        }
    }
}

/// What a request carries.
public enum RequestBody: Sendable {
    case none
    /// JSON, with its content type.
    case json(ValueTemplate)
    /// A map as `application/x-www-form-urlencoded`.
    case form(ValueTemplate)
    /// Text as it stands, with no content type of its own.
    case text(Template)
    /// Parts with names, as `multipart/form-data` (RFC 7578).
    case multipart([MultipartField])
}

/// A part of a `multipart` body.
public struct MultipartField: Sendable {
    /// The field's name.
    public let name: String
    /// Text or bytes; maps as JSON; null omits the part, and a list repeats it.
    public let content: ValueTemplate
    /// The content is the path of a local file, whose bytes are sent.
    public var isFile = false
    /// What the file is called; nil or null is no file.
    public var filename: ValueTemplate?
    /// The part's media type; nil is that of the content.
    public var contentType: ValueTemplate?

    /// Every expression in it.
    public var expressions: [Expression] {
        content.expressions + (filename?.expressions ?? []) + (contentType?.expressions ?? [])
    }
}

extension RequestBody {
    /// Every expression in it.
    public var expressions: [Expression] {
        switch self {
        case .none: []
        case .json(let value), .form(let value): value.expressions
        case .text(let template): template.expressions
        case .multipart(let fields): fields.flatMap(\.expressions)
        }
    }
}

/// Which responses are a success.
public enum Expectation: Sendable {
    /// 2xx.
    public static let success = Expectation.statuses([200...299])

    /// The status lies in one of these ranges.
    case statuses([ClosedRange<Int>])
    /// The expression holds; it sees `response`.
    case condition(Expression)
}

/// How a response's body is read.
public enum ResponseFormat: String, Sendable, CaseIterable {
    /// By its content type.
    case auto
    case json, text, bytes
}

/// What becomes of a response that leads elsewhere (3xx with `Location`).
public enum RedirectPolicy: String, Sendable, CaseIterable {
    /// GET and HEAD go where it leads, at most five times; the credential stays at the connection's own origins.
    case follow
    /// It is the response.
    case none
}

/// Whether a request is sent again after its token was renewed.
public enum ReplayPolicy: String, Sendable, CaseIterable {
    /// Every request.
    case always
    /// Only those with an idempotent method or an idempotency key.
    case safe
    /// None: the response that asked for the renewal is the answer.
    case never
}

/// Where a request's idempotency key comes from.
public enum IdempotencyKey: Sendable {
    /// One key for the action of a run, the same on every attempt and after a resume.
    case perAction
    /// The recipe's own.
    case template(Template)
}

/// The verb `log`.
public struct LogAction: Sendable {
    /// How important the line is.
    public enum Level: String, Sendable, CaseIterable {
        case debug, info, warning, error
    }

    /// What is written.
    public let message: Template
    /// How important it is.
    public let level: Level
}
