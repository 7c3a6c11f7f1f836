import HTTPTypes
import Hummingbird
import Synchronization

extension SandboxResponder {
    /// The sandbox's own controls: `GET /_stats`, `POST /_reset`, `POST /_expire`.
    func control(_ operation: Endpoint.Operation, _ request: Request, id: Substring?) -> Response {
        let query = FormFields(request.uri.query ?? "") ?? .none
        switch operation {
        case .reset:
            state.reset(keeping: query["keep"] == "tokens" ? .tokens : .nothing)
            return Response(status: .noContent)
        case .expire:
            state.tokens.withLock { $0.expireAccessTokens() }
            return Response(status: .noContent)
        default:
            var members = state.statistics.members
            if query["arrivals"] == "1" {
                members.append(("arrivals", state.log.withLock { $0.arrivals }.json))
            }
            return .json(.object(members))
        }
    }
}
