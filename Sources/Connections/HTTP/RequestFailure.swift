/// Why a request has no usable response.
///
/// The message is one sentence without any credential.
public struct RequestFailure: Error, Sendable, CustomStringConvertible {
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
    public var status: Int?
    /// The response, where there was one.
    public var response: Response?
    /// How long to wait before another try.
    public var retryAfter: Duration?
    /// It may pass by itself: worth another try later.
    public var isTransient = false

    /// A failure.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
        switch kind {
        case .network, .timeout: isTransient = true
        default: break
        }
    }

    /// The message.
    public var description: String { message }

    init(_ error: ConnectionError, request: String) {
        switch error.kind {
        case .configuration:
            self.init(.configuration, "\(request): \(error.message)")
        case .cancelled:
            self.init(.cancelled, "\(request): cancelled")
        case .store, .needsAttention:
            self.init(.authorization, "\(request): \(error.message)")
        case .cooling:
            self.init(.authorization, "\(request): \(error.message)")
            isTransient = true
        }
        retryAfter = error.retryAfter
    }
}
