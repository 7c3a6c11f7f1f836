import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Gathers one response, up to a number of bytes; the body of a successful one goes to a file where there is one.
final class ResponseCollector: HTTPClientResponseDelegate {
    // Who sends is told by `onEnd`; a future with the response in it would be made of code that knows its type only while it runs.
    typealias Response = Void

    private struct State: Sendable {
        var head: HTTPResponseHead?
        var body: [UInt8] = []
        /// The body goes to the file.
        var isSaved = false
        var lastSign: NIODeadline?
    }

    private let state = Mutex(State())
    private let maxBytes: Int
    private let file: PartialFile?
    private let onSend: (@Sendable () -> Void)?
    private let onEnd: @Sendable (Result<IncomingResponse, any Error>) -> Void

    /// - Parameter onEnd: called on the event loop, or at once by the client, and perhaps more than once: the first time counts.
    init(
        maxBytes: Int,
        file: PartialFile? = nil,
        onSend: (@Sendable () -> Void)?,
        onEnd: @escaping @Sendable (Result<IncomingResponse, any Error>) -> Void
    ) {
        self.maxBytes = maxBytes
        self.file = file
        self.onSend = onSend
        self.onEnd = onEnd
    }

    /// When something came last, or the request was complete; nil before.
    var lastSign: NIODeadline? { state.withLock(\.lastSign) }

    func didSendRequest(task: HTTPClient.Task<Void>) {
        let now = NIODeadline.now()
        state.withLock { $0.lastSign = now }
    }

    func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        onSend?()
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        let isSaved = file != nil && (200...299).contains(head.status.code)
        let now = NIODeadline.now()
        state.withLock { state in
            state.head = head
            state.isSaved = isSaved
            state.lastSign = now
        }
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > maxBytes,
            head.headers.first(name: "content-encoding") == nil
        {
            return task.eventLoop.makeFailedFuture(TransportError.tooLarge(maxBytes))
        }
        guard isSaved, let file else { return task.eventLoop.makeSucceededVoidFuture() }
        return NIOThreadPool.singleton.runIfActive(eventLoop: task.eventLoop) { try file.open() }
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<Void>,
        _ buffer: ByteBuffer
    ) -> EventLoopFuture<Void> {
        let maxBytes = maxBytes
        let now = NIODeadline.now()
        if let file,
            state.withLock({ state in
                state.lastSign = now
                return state.isSaved
            })
        {
            // The disk may be slow: no more is read before this is written.
            return NIOThreadPool.singleton.runIfActive(eventLoop: task.eventLoop) {
                try file.write(buffer, maxBytes: maxBytes)
            }
        }
        let fits = state.withLock { state in
            guard state.body.count + buffer.readableBytes <= maxBytes else { return false }
            state.body.append(contentsOf: buffer.readableBytesView)
            state.lastSign = now
            return true
        }
        return fits
            ? task.eventLoop.makeSucceededVoidFuture()
            : task.eventLoop.makeFailedFuture(TransportError.tooLarge(maxBytes))
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) { onEnd(response()) }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) { onEnd(.failure(error)) }

    private func response() -> Result<IncomingResponse, any Error> {
        state.withLock { state in
            guard let head = state.head else {
                return .failure(TransportError(.network, "the answer had no head"))
            }
            var response = IncomingResponse(
                status: Int(head.status.code),
                reason: head.status.reasonPhrase,
                headers: head.headers.map { ($0.name, $0.value) },
                bytes: state.body
            )
            response.file = state.isSaved ? file : nil
            return .success(response)
        }
    }
}
