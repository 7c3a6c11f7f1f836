import CEL
import Recipe

/// Decides what a response says about the credentials (SDK-SEMANTICS sections 6 and 7).
struct SignalJudge: Sendable {
    /// What a response says.
    enum Verdict: Sendable, Hashable {
        /// Nothing about the credentials.
        case fine
        /// It is an error although its status is none (`detect_on`), and no renewal would mend it.
        case detected
        /// The token is spent (`refresh_on`); `isDetected`: it was `detect_on` that found the error.
        case spent(isDetected: Bool)
    }

    private let refreshOn: [Signal]?
    private let detectOn: [Signal]
    private let isRenewable: Bool

    init(_ authorization: Authorization?, isRenewable: Bool) {
        refreshOn = authorization?.refreshOn
        detectOn = authorization?.detectOn ?? []
        self.isRenewable = isRenewable
    }

    func verdict(_ response: Response) -> Verdict {
        guard isRenewable || !detectOn.isEmpty else { return .fine }
        let isDetected = response.isSuccess && matches(detectOn, response)
        guard isDetected || !response.isSuccess else { return .fine }
        if isRenewable, refreshOn.map({ matches($0, response) }) ?? true { return .spent(isDetected: isDetected) }
        return isDetected ? .detected : .fine
    }

    /// Whether `detect_on` finds an error in a successful response.
    func detects(_ response: Response) -> Bool {
        response.isSuccess && matches(detectOn, response)
    }

    private func matches(_ signals: [Signal], _ response: Response) -> Bool {
        guard !signals.isEmpty else { return false }
        let title = "\(response.status) \(response.reason)"
        var body: String?
        return signals.contains { signal in
            switch signal {
            case .status(let status):
                return response.status == status
            case .text(let text):
                // A parsed body that is a text counts as that text, as in the SDK.
                if case .string(let parsed) = response.body, parsed == text { return true }
                return text == title || text == response.reason || response.bytes.elementsEqual(text.utf8)
            case .pattern(let pattern):
                let text = body ?? String(decoding: response.bytes, as: UTF8.self)
                body = text
                return pattern.matches(anywhereIn: text) || pattern.matches(anywhereIn: title)
            }
        }
    }
}
