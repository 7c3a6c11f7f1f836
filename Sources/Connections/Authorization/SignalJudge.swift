import CEL
public import Recipe

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
        guard let file = response.file else { return signals.contains { response.matches($0) } }
        // An error is no long text: the begin of what was saved tells.
        var response = response
        response.bytes = file.head(Self.headSize)
        return signals.contains { response.matches($0) }
    }

    /// So much of a saved body is looked at.
    private static let headSize = 65_536
}

extension Response {
    /// Whether a signal speaks of this response: its status, its whole body or title, or a pattern anywhere in either.
    public func matches(_ signal: Signal) -> Bool {
        switch signal {
        case .status(let status):
            return self.status == status
        case .text(let text):
            // A parsed body that is a text counts as that text, as in the SDK.
            if case .string(let parsed) = body, parsed == text { return true }
            return text == title || text == reason || bytes.elementsEqual(text.utf8)
        case .pattern(let pattern):
            return pattern.matches(anywhereIn: String(decoding: bytes, as: UTF8.self))
                || pattern.matches(anywhereIn: title)
        }
    }

    private var title: String { "\(status) \(reason)" }
}
