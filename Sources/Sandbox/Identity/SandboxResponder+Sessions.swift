import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

extension SandboxResponder {
    private struct Credentials: Decodable {
        let user: String
        let password: String
    }

    private struct SessionBody: Decodable {
        let sessionID: String

        enum CodingKeys: String, CodingKey {
            case sessionID = "session_id"
        }
    }

    /// `POST /session/login`: user and password, in JSON or as a form, for a session id.
    func logIn(_ call: Call) async -> Response {
        guard let body = await call.body(), let credentials = Self.credentials(in: body) else {
            return .refusal(.badRequest, "bad_login", "send user and password, in JSON or as a form")
        }
        guard credentials.user == Self.demoUser, credentials.password == Self.demoPassword else {
            return .json(SessionLedger.refusal("Invalid user or password"))
        }
        let id = state.sessions.withLock { $0.open(at: state.time.now()) }
        return .json(["status": "ok", "session_id": .string(id)])
    }

    /// `/session/me`: the session id comes in the JSON body of a POST, in `X-Session-ID`, or as `?session_id=`.
    func sessionMe(_ call: Call, query: FormFields) async -> Response {
        var id = call.request.headers[.sessionID] ?? query["session_id"]
        if id == nil, call.request.method == .post, let body = await call.body() {
            id = try? JSONDecoder().decode(SessionBody.self, from: Data(body.readableBytesView)).sessionID
        }
        guard let id, state.sessions.withLock({ $0.isOpen(id, at: state.time.now()) }) else {
            return .json(SessionLedger.refusal("Invalid session"))
        }
        return .json(["status": "ok", "user": .string(Self.demoUser)])
    }

    private static func credentials(in body: ByteBuffer) -> Credentials? {
        if let json = try? JSONDecoder().decode(Credentials.self, from: Data(body.readableBytesView)) {
            return json
        }
        guard let form = FormFields(String(buffer: body)), let user = form["user"], let password = form["password"]
        else { return nil }
        return Credentials(user: user, password: password)
    }
}
