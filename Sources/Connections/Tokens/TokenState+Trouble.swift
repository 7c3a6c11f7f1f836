import Store

extension TokenLifecycle.Trouble {
    /// The trouble that a stored state speaks of; nil for a valid one.
    init?(_ state: TokenState) {
        switch state {
        case .valid: return nil
        case .cooling(let until, let failures, let message):
            self = .cooling(until: until, failures: failures, message: message)
        case .needsAttention(let message): self = .needsAttention(message: message)
        }
    }

    /// How the store keeps it.
    var state: TokenState {
        switch self {
        case .cooling(let until, let failures, let message):
            .cooling(until: until, failures: failures, message: message)
        case .needsAttention(let message): .needsAttention(message: message)
        }
    }
}
