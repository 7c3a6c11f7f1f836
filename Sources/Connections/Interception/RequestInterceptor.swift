/// Stands between a transport and the network: answers requests itself, or looks at what passes.
public protocol RequestInterceptor: Sendable {
    /// Answers a request; `network` sends it on.
    func intercept(
        _ request: OutgoingRequest,
        network: @Sendable (OutgoingRequest) async -> Result<IncomingResponse, TransportError>
    ) async -> Result<IncomingResponse, TransportError>
}

/// Which action of a run sends a request.
public struct RequestSender: Sendable, Hashable {
    /// The action's id path in the run.
    public let path: String
    /// The indexes of the `foreach` items that it is done for, joined with dots; empty outside one.
    public let index: String

    /// A sender.
    public init(path: String, index: String) {
        self.path = path
        self.index = index
    }
}
