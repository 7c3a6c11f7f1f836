public import CEL

/// A response that has been read.
public struct Response: Sendable {
    /// The status.
    public let status: Int
    /// The reason phrase; the standard's own where the server gave none.
    public let reason: String
    /// The header fields in the order of the message.
    public let headers: [(String, String)]
    /// The body as it came, without its transfer and content encoding; none of one that went to a file.
    public internal(set) var bytes: [UInt8]
    /// The body as the action reads it.
    public var body: Value
    /// Where it came from, after redirects, without the query.
    public let url: String
    /// Whose answer it is: the host, and the port unless it is the scheme's own.
    public let host: String
    /// How long the server asks to wait (`Retry-After`, `RateLimit-Reset`).
    public var retryAfter: Duration?
    /// The file that the body went to; it has its name only once it is committed.
    public var file: PartialFile?
    /// The response still asks for a renewal (`refresh_on`) although the token was new: another renewal would not help.
    public var renewalDidNotHelp = false
    /// Why the server refused, where that is known of an answer that says little itself; redacted.
    public var hint: String?

    /// Whether the status is a success (2xx).
    public var isSuccess: Bool { (200...299).contains(status) }

    /// `response` as expressions see it: `{status, headers, body}`, names of headers in lower case, repeated ones as a list.
    public var value: Value {
        var members = ValueMap()
        // These, and what the result of an action has beside them.
        members.reserveCapacity(5)
        members["status"] = .int(Int64(status))
        members["headers"] = headerValue
        members["body"] = body
        return .map(members)
    }

    private var headerValue: Value {
        .map(ValueMap(fields: headers.lazy.map { name, text in (name.lowercased(), text) }))
    }
}
