/// Why a request has no usable response.
///
/// The message is one sentence without any credential. A class: it is large, and every call on a request's way has room for one.
public final class RequestFailure: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Kind: Sendable, Hashable {
        /// No connection, or it broke.
        case network
        /// Connecting or answering took too long.
        case timeout
        /// The server's certificate or the handshake.
        case tls
        /// The response was refused: `detect_on` found an error in it.
        case response(Int)
        /// The token could not be had or renewed.
        case authorization
        /// The credential would have gone to a place that is not the connection's.
        case origin
        /// The body is too large, or not what was asked for.
        case body
        /// The file that the body goes to cannot be written.
        case file
        /// A field has no value, an expression cannot be evaluated, a URL is none.
        case configuration
        /// The caller was cancelled.
        case cancelled
    }

    /// What went wrong.
    public let kind: Kind
    /// What happened, and what to do: method, host, status.
    public let message: String
    /// The response's status, where there was one.
    public let status: Int?
    /// The response, where there was one.
    public let response: Response?
    /// How long to wait before another try.
    public let retryAfter: Duration?
    /// It may pass by itself: worth another try later.
    public let isTransient: Bool

    /// A failure; without `isTransient`, one of the network or of time may pass by itself.
    public init(
        _ kind: Kind,
        _ message: String,
        status: Int? = nil,
        response: Response? = nil,
        retryAfter: Duration? = nil,
        isTransient: Bool? = nil
    ) {
        self.kind = kind
        self.message = message
        self.status = status
        self.response = response
        self.retryAfter = retryAfter
        self.isTransient = isTransient ?? (kind == .network || kind == .timeout)
    }

    /// The message.
    public var description: String { message }

    convenience init(_ error: ConnectionError, request: String) {
        let (kind, what): (Kind, String) =
            switch error.kind {
            case .configuration: (.configuration, error.message)
            case .cancelled: (.cancelled, "cancelled")
            case .store, .needsAttention, .cooling: (.authorization, error.message)
            }
        self.init(
            kind,
            "\(request): \(what)",
            retryAfter: error.retryAfter,
            isTransient: error.kind == .cooling ? true : nil
        )
    }

    /// The same failure with another message.
    func saying(_ message: String) -> RequestFailure {
        RequestFailure(
            kind,
            message,
            status: status,
            response: response,
            retryAfter: retryAfter,
            isTransient: isTransient
        )
    }
}
