public import Connections
import Synchronization

/// Keeps what servers answer to the requests of actions, for a test; what the connection itself asks for is not kept.
public final class ResponseRecorder: RequestInterceptor {
    /// A request, and what came of it.
    public struct Exchange: Sendable {
        /// The request.
        public let request: SentRequest
        /// What came back, or why nothing did.
        public let result: Result<IncomingResponse, TransportError>
    }

    private let kept = Mutex<[Exchange]>([])

    /// A recorder that has nothing yet.
    public init() {}

    /// What was kept so far, in the order in which the answers came.
    public var exchanges: [Exchange] { kept.withLock { $0 } }

    /// Sends a request on, and keeps what comes of it.
    public func intercept(
        _ request: OutgoingRequest,
        network: @Sendable (OutgoingRequest) async -> Result<IncomingResponse, TransportError>
    ) async -> Result<IncomingResponse, TransportError> {
        guard request.sender != nil else { return await network(request) }
        let result = await network(request.inMemory)
        kept.withLock { $0.append(Exchange(request: SentRequest(request), result: result)) }
        return result
    }
}
