import CEL

/// What a token endpoint says went wrong (RFC 6749 section 5.2).
struct OAuthError: Sendable, Hashable {
    /// `error`, a code.
    let code: String
    /// `error_description`, for people.
    let description: String?

    /// The error in an answer's body; nil when it names none.
    init?(_ body: Value) {
        guard let error = body["error"] else { return nil }
        switch error {
        case .string(let code) where !code.isEmpty:
            self.code = code
            description = body["error_description"].flatMap { if case .string(let text) = $0 { text } else { nil } }
        case .map:
            // Some servers answer with an object of their own.
            let code = error["code"] ?? error["type"] ?? error["status"]
            self.code = code?.text ?? "error"
            description = error["message"]?.text
        case .bool(true):
            code = "error"
            description = body["message"]?.text
        default: return nil
        }
    }

    /// Sending the same again would end the same way.
    var isFinal: Bool { Self.finalCodes.contains(code) }

    /// Sending the same later may end otherwise, whatever the status is.
    var isTransient: Bool { Self.transientCodes.contains(code) }

    private static let transientCodes: Set<String> = [
        "temporarily_unavailable", "server_error", "authorization_pending", "slow_down", "too_many_requests",
    ]

    private static let finalCodes: Set<String> = [
        "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
        "access_denied", "expired_token", "invalid_target",
    ]
}
