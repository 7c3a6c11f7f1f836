import Store

/// Why a connection cannot be used.
///
/// The message is one sentence, redacted.
public struct ConnectionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What stands in the way.
    public enum Kind: Sendable, Hashable {
        /// A field has no value, an expression cannot be evaluated, a URL is none.
        case configuration
        /// A renewal failed; it is tried again after a while.
        case cooling
        /// A renewal failed in a way that only a person can mend; nothing is tried until they do.
        case needsAttention
        /// The store could not be read or written.
        case store
        /// The caller was cancelled.
        case cancelled
    }

    /// What stands in the way.
    public let kind: Kind
    /// What happened and what to do.
    public let message: String
    /// When it is worth another try.
    public let retryAfter: Duration?

    /// An error.
    public init(_ kind: Kind, _ message: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
    }

    /// The message.
    public var description: String { message }

    init(_ error: StoreError) {
        self.init(.store, error.description)
    }

    static let cancelled = ConnectionError(.cancelled, "cancelled")
}
