import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

extension SandboxResponder {
    /// `POST /api/v5/messages`: keeps a JSON body; one idempotency key is one message, and the same answer each time.
    func sendMessage(_ call: Call) async -> Response {
        guard let body = await call.body() else {
            return .refusal(.contentTooLarge, "too_large", "a message is at most \(Self.maximumBody) bytes")
        }
        let bytes = Array(body.readableBytesView)
        guard JSONSyntax.accepts(bytes) else {
            return .refusal(.badRequest, "bad_json", "the body is not JSON")
        }
        let key = call.request.headers[.idempotencyKey]
        switch state.messages.withLock({ $0.receive(bytes, key: key) }) {
        case .accepted(let id):
            return .json(["id": .int(id), "status": "accepted"], status: .created)
        case .duplicate(let id):
            return .json(
                ["id": .int(id), "status": "accepted"],
                status: .created,
                headers: [.idempotentReplayed: "true"]
            )
        }
    }
}
