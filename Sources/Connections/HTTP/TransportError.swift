/// Why a message exchange failed below HTTP's own statuses.
public struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    public enum Kind: Sendable, Hashable {
        /// No connection, or it broke.
        case network
        /// Connecting or answering took too long.
        case timeout
        /// The server's certificate or the handshake.
        case tls
        /// The body is larger than allowed.
        case tooLarge
        /// The file that the body goes to cannot be written.
        case file
        /// The caller was cancelled.
        case cancelled
    }

    /// What went wrong.
    public let kind: Kind
    /// What happened and what to do, without host and method.
    public let reason: String

    /// An error.
    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// Nothing is sent any more.
    static let stopping = TransportError(.cancelled, "the process is stopping")

    /// The reason.
    public var description: String { reason }
}
