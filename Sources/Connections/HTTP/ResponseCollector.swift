import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// Gathers one response, up to a number of bytes.
final class ResponseCollector: HTTPClientResponseDelegate {
    typealias Response = IncomingResponse

    private struct State: Sendable {
        var head: HTTPResponseHead?
        var body: [UInt8] = []
    }

    private let state = Mutex(State())
    private let maxBytes: Int
    private let onSend: (@Sendable () -> Void)?

    init(maxBytes: Int, onSend: (@Sendable () -> Void)?) {
        self.maxBytes = maxBytes
        self.onSend = onSend
    }

    func didSendRequestHead(task: HTTPClient.Task<IncomingResponse>, _ head: HTTPRequestHead) {
        onSend?()
    }

    func didReceiveHead(task: HTTPClient.Task<IncomingResponse>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        state.withLock { $0.head = head }
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > maxBytes,
            head.headers.first(name: "content-encoding") == nil
        {
            return task.eventLoop.makeFailedFuture(tooLarge)
        }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<IncomingResponse>,
        _ buffer: ByteBuffer
    ) -> EventLoopFuture<Void> {
        let fits = state.withLock { state in
            guard state.body.count + buffer.readableBytes <= maxBytes else { return false }
            state.body.append(contentsOf: buffer.readableBytesView)
            return true
        }
        return fits ? task.eventLoop.makeSucceededVoidFuture() : task.eventLoop.makeFailedFuture(tooLarge)
    }

    func didFinishRequest(task: HTTPClient.Task<IncomingResponse>) throws -> IncomingResponse {
        try state.withLock { state in
            guard let head = state.head else { throw TransportError(.network, "the answer had no head") }
            return IncomingResponse(
                status: Int(head.status.code),
                reason: head.status.reasonPhrase,
                headers: head.headers.map { ($0.name, $0.value) },
                bytes: state.body
            )
        }
    }

    private var tooLarge: TransportError {
        TransportError(.tooLarge, "the body is larger than \(maxBytes) bytes; raise `max_bytes` if that is right")
    }
}
