import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// What the server knows of a request beside the request: its connection, so that a fault can drop it.
struct SandboxContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}

/// Answers every request: counts it, applies the fault it asks for, checks its credentials, performs it.
///
/// It looks endpoints up in a table instead of using a router: benchmarks send their requests at the same instant and on the same
/// cores, and must not measure the sandbox.
struct SandboxResponder: HTTPResponder {
    let state: SandboxState

    /// The longest body that is read; anything longer is answered with 413.
    static let maximumBody = 1 << 20

    func respond(to request: Request, context: SandboxContext) async throws -> Response {
        let arrival = TimeSource.wallMicroseconds()
        switch Endpoint.resolve(request.method, path: request.uri.path) {
        case .found(let endpoint, let id) where endpoint.isControl:
            return control(endpoint.operation, request, id: id)
        case .found(let endpoint, let id):
            state.log.withLock { $0.arrived(at: endpoint.index, microseconds: arrival) }
            let call = Call(request: request, endpoint: endpoint, id: id)
            guard let response = await answer(call) else {
                state.log.withLock { $0.dropped() }
                context.channel.close(promise: nil)
                // Nobody receives it: the connection is gone.
                return Response(status: .internalServerError)
            }
            state.log.withLock { $0.answered(response.status.code) }
            return request.method == .head ? response.createHeadResponse() : response
        case .wrongMethod(let allowed):
            let names = allowed.map(\.rawValue).joined(separator: ", ")
            return uncounted(
                .refusal(.methodNotAllowed, "method_not_allowed", "use \(names)", headers: [.allow: names])
            )
        case .notFound:
            return uncounted(.refusal(.notFound, "not_found", "there is nothing at \(request.uri.path)"))
        }
    }

    /// A request that reached no endpoint still has its status counted.
    private func uncounted(_ response: Response) -> Response {
        state.log.withLock { $0.answered(response.status.code) }
        return response
    }

    /// The answer, faults included; nil when the connection is to be dropped.
    private func answer(_ call: Call) async -> Response? {
        guard let text = call.request.uri.query, !text.isEmpty else {
            return await perform(call, query: .none)
        }
        guard let query = FormFields(text) else {
            return .refusal(.badRequest, "bad_query", "the query has a broken percent escape")
        }
        do {
            guard let fault = try Fault(query: query), isDue(fault, call.request) else {
                return await perform(call, query: query)
            }
            return await answer(call, query: query, with: fault)
        } catch {
            return .refusal(.badRequest, "bad_fault", error.message)
        }
    }

    private func isDue(_ fault: Fault, _ request: Request) -> Bool {
        state.faults.withLock { $0.take("\(request.method.rawValue) \(request.uri.string)", limit: fault.times) }
    }

    private func answer(_ call: Call, query: FormFields, with fault: Fault) async -> Response? {
        var response: Response?
        if fault.ending != .droppedBefore {
            response = fault.replacesAnswer ? fault.response : await perform(call, query: query)
        }
        if let delay = fault.delay {
            // The work is done and only the answer is late, as with a slow server. A sandbox that stops cuts the wait short.
            try? await state.time.sleep(delay)
        }
        switch fault.ending {
        case .droppedBefore, .droppedAfter: return nil
        case .truncated: return response?.truncated
        case nil: return response
        }
    }
}

/// One request on its way through the sandbox.
struct Call: Sendable {
    let request: Request
    let endpoint: Endpoint
    /// The last part of the path where the endpoint's path ends in `:id`.
    let id: Substring?

    /// Reads the body; nil when it is too long or the client went away.
    func body() async -> ByteBuffer? {
        try? await request.body.collect(upTo: SandboxResponder.maximumBody)
    }
}
