import AsyncHTTPClient
import NIOCore
import Synchronization

/// One request on its way: it waits for a connection, is sent, and is answered once.
///
/// Whoever sends it is resumed by the answer alone: not when it gets its connection, and not by a future of the event loop.
final class PendingRequest: PlaceTaker {
    private enum Phase {
        /// For a connection, or not even that yet.
        case waiting
        /// The client is being told of it; true when it is to be cancelled as soon as that is done.
        case starting(isCancelled: Bool)
        case underWay(HTTPClient.Task<Void>, bay: Int, RequestWatch.Place)
        case over
    }

    private struct State {
        var phase = Phase.waiting
        var sender: UnsafeContinuation<IncomingResponse, any Error>?
        /// What came before anybody waited for it.
        var result: Result<IncomingResponse, any Error>?

        /// Gives who is to be told; nil when it was over before, or when nobody waits yet.
        mutating func end(with result: Result<IncomingResponse, any Error>) -> UnsafeContinuation<
            IncomingResponse, any Error
        >? {
            if case .over = phase { return nil }
            phase = .over
            if sender == nil { self.result = result }
            return sender.take()
        }
    }

    private let state = Mutex(State())
    private let message: HTTPClient.Request
    private let original: OutgoingRequest
    private let deadline: NIODeadline
    private let gate: HostGate
    private let watch: RequestWatch
    private let transport: HTTPTransport

    /// - Parameters:
    ///   - message: what the client is told to send.
    ///   - original: the same as it was asked for.
    init(
        _ message: HTTPClient.Request,
        for original: OutgoingRequest,
        until deadline: NIODeadline,
        gate: HostGate,
        watch: RequestWatch,
        transport: HTTPTransport
    ) {
        self.message = message
        self.original = original
        self.deadline = deadline
        self.gate = gate
        self.watch = watch
        self.transport = transport
    }

    /// Sends it, and gives the answer.
    func send() async throws -> IncomingResponse {
        try await withTaskCancellationHandler {
            // Not checked: `end` takes it out of the state under a lock, and `wait` resumes one that is not put there.
            try await withUnsafeThrowingContinuation { sender in
                if wait(sender) { gate.limiter.enter(self) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// False when it is over already.
    private func wait(_ sender: UnsafeContinuation<IncomingResponse, any Error>) -> Bool {
        let result = state.withLock { state in
            if state.result == nil { state.sender = sender }
            return state.result
        }
        if let result { sender.resume(with: result) }
        return result == nil
    }

    func take(placeIn bay: Int) -> Bool {
        let isWanted = state.withLock { state in
            guard case .waiting = state.phase else { return false }
            state.phase = .starting(isCancelled: false)
            return true
        }
        guard isWanted else { return false }
        let collector = ResponseCollector(
            maxBytes: original.maxBytes,
            file: original.file,
            onSend: original.onSend,
            onEnd: { self.end(with: $0) }
        )
        let task: HTTPClient.Task<Void>
        do {
            task = try transport.client(bay, through: original.route?.proxy).execute(
                request: message,
                delegate: collector
            )
        } catch {
            end(with: .failure(error))
            return false
        }
        // The client tells only its future of two ends: a body whose last part cannot be sent after the answer, and that it was shut down before.
        if message.body != nil || transport.isShutDown {
            task.futureResult.whenFailure { self.end(with: .failure($0)) }
        }
        let place = watch.watch(.init(task: task, collector: collector, deadline: deadline))
        let (isUnderWay, isCancelled) = state.withLock { state in
            guard case .starting(let isCancelled) = state.phase else { return (false, false) }
            state.phase = .underWay(task, bay: bay, place)
            return (true, isCancelled)
        }
        if !isUnderWay { watch.release(place) }
        if isCancelled { task.cancel() }
        return isUnderWay
    }

    private func cancel() {
        let (before, sender) = state.withLock { state in
            let before = state.phase
            var sender: UnsafeContinuation<IncomingResponse, any Error>?
            switch before {
            case .waiting: sender = state.end(with: .failure(CancellationError()))
            case .starting: state.phase = .starting(isCancelled: true)
            case .underWay, .over: break
            }
            return (before, sender)
        }
        switch before {
        case .waiting:
            gate.limiter.withdraw(self)
            sender?.resume(throwing: CancellationError())
        case .underWay(let task, _, _): task.cancel()
        case .starting, .over: break
        }
    }

    /// The answer, or that there is none; the first counts.
    private func end(with result: Result<IncomingResponse, any Error>) {
        let (before, sender) = state.withLock { state in
            let before = state.phase
            return (before, state.end(with: result))
        }
        // One that ends while it starts has its place taken back by `take`.
        if case .underWay(let task, let bay, let place) = before {
            watch.release(place)
            gate.leave(bay, on: task.eventLoop)
        }
        sender?.resume(with: result)
    }
}
