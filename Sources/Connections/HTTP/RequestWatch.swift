import AsyncHTTPClient
import NIOCore
import Synchronization

/// Ends requests whose time is over, and those to which nothing has come for too long.
///
/// One timer for all of them: the client's own would be two for each request, and an event loop looks through all its timers
/// to take one back.
final class RequestWatch: Sendable {
    /// A request that is under way.
    struct Watched: Sendable {
        let task: HTTPClient.Task<Void>
        let collector: ResponseCollector
        let deadline: NIODeadline
    }

    /// Where a request is kept.
    struct Place: Sendable { fileprivate let number: Int }

    private struct State {
        var requests = SlotList<Watched>()
        var timer: Scheduled<Void>?
        /// When the timer rings; nil while none is set.
        var ringsAt: NIODeadline?
    }

    private let patience: TimeAmount
    private let state = Mutex(State())

    /// - Parameter patience: the longest silence of a server that has the whole request.
    init(patience: TimeAmount) { self.patience = patience }

    /// Watches a request until `release`.
    func watch(_ request: Watched) -> Place {
        // No silence is too long before this, whenever the request is sent.
        let due = min(request.deadline, NIODeadline.now() + patience)
        return state.withLock { state in
            if state.ringsAt.map({ due < $0 }) ?? true { set(&state, to: due, on: request.task.eventLoop) }
            return Place(number: state.requests.insert(request))
        }
    }

    /// The request is over.
    func release(_ place: Place) {
        let request = state.withLock { $0.requests.remove(place.number) }
        // Freed outside the lock.
        _ = request
    }

    private func set(_ state: inout State, to due: NIODeadline, on eventLoop: any EventLoop) {
        state.timer?.cancel()
        state.ringsAt = due
        state.timer = eventLoop.scheduleTask(deadline: due) { [weak self] in self?.ring(on: eventLoop) }
    }

    private func ring(on eventLoop: any EventLoop) {
        let now = NIODeadline.now()
        let late = state.withLock { state in
            var late: [(Watched, HTTPClientError)] = []
            var next: NIODeadline?
            state.requests.updateEach { request in
                let silentUntil = (request.collector.lastSign ?? now) + patience
                if request.deadline <= now {
                    late.append((request, .deadlineExceeded))
                } else if silentUntil <= now {
                    late.append((request, .readTimeout))
                } else {
                    next = min(next ?? .distantFuture, request.deadline, silentUntil)
                }
            }
            state.timer = nil
            state.ringsAt = nil
            if let next { set(&state, to: next, on: eventLoop) }
            return late
        }
        for (request, error) in late { request.task.fail(reason: error) }
    }
}
