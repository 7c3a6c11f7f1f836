import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

extension SandboxResponder {
    /// Checks the credentials and performs the operation.
    func perform(_ call: Call, query: FormFields) async -> Response {
        if let refusal = refusal(for: call, query: query) {
            return refusal
        }
        switch call.endpoint.operation {
        case .me: return .json(Self.me)
        case .issues: return issues(call.request, query: query)
        case .searchIssues: return await searchIssues(call)
        case .issue: return issue(call.id ?? "")
        case .campaigns: return campaigns(query: query)
        case .token: return await token(call)
        case .revokeToken: return await revokeToken(call)
        case .introspectToken: return await introspectToken(call)
        case .sendMessage: return await sendMessage(call)
        case .listMessages: return .json(state.messages.withLock { $0.listing })
        case .basicMe: return .json(["user": .string(Self.demoUser), "method": "basic"])
        case .keyMe: return .json(["user": .string(Self.demoUser), "method": "api_key"])
        case .logIn: return await logIn(call)
        case .sessionMe: return await sessionMe(call, query: query)
        case .health: return .json(["status": "ok"])
        case .echo: return await echo(call, query: query)
        case .file: return file(query: query)
        case .statistics, .reset, .expire: return control(call.endpoint.operation, call.request, id: call.id)
        }
    }

    static let demoUser = "demo"
    static let demoPassword = "demo-pass"
    static let demoKey = "demo-key"

    private static let me = ByteBuffer(
        bytes: JSONValue.object([
            ("data", ["id": "user:1", "username": "demo", "name": "Demo User", "email": "demo@example.com"])
        ]).bytes
    )

    /// Why the request may not pass, or nil.
    private func refusal(for call: Call, query: FormFields) -> Response? {
        let headers = call.request.headers
        switch call.endpoint.access {
        case .open:
            return nil
        case .bearer:
            guard let header = headers[.authorization],
                let token = Authorization.credentials(of: header, scheme: "Bearer"),
                state.tokens.withLock({ $0.accessToken(String(token), at: state.time.now()) }) != nil
            else {
                return .refusal(
                    .unauthorized,
                    "invalid_token",
                    "the access token is missing, expired or revoked",
                    headers: [.wwwAuthenticate: #"Bearer realm="sandbox", error="invalid_token""#]
                )
            }
            return nil
        case .basic:
            guard let basic = headers[.authorization].flatMap(BasicCredentials.init(header:)),
                basic.user == Self.demoUser, basic.password == Self.demoPassword
            else {
                return .refusal(
                    .unauthorized,
                    "unauthorized",
                    "user or password is wrong",
                    headers: [.wwwAuthenticate: #"Basic realm="sandbox", charset="UTF-8""#]
                )
            }
            return nil
        case .apiKey:
            guard headers[.apiKey] == Self.demoKey || query["api_key"] == Self.demoKey else {
                return .refusal(.unauthorized, "unauthorized", "the API key is missing or wrong")
            }
            return nil
        }
    }
}
