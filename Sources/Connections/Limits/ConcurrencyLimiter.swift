import DequeModule
import Synchronization

/// Lets at most so many requests run at the same time; the others wait in order.
///
/// The places are in bays of a size; those of the first bays are taken first.
final class ConcurrencyLimiter: Sendable {
    private struct State {
        /// Free places by bay.
        var free: [Int]
        /// What resumes a waiter is the bay of its place, or nil when it was cancelled.
        var queue: Deque<(ticket: Int, continuation: CheckedContinuation<Int?, Never>)> = []
        var nextTicket = 0
        var cancelled: Set<Int> = []

        mutating func take() -> Int? {
            guard let bay = free.firstIndex(where: { $0 > 0 }) else { return nil }
            free[bay] -= 1
            return bay
        }
    }

    let limit: Int
    private let state: Mutex<State>

    /// A limiter whose places are all in one bay, unless told otherwise.
    init(limit: Int, baySize: Int = .max) {
        self.limit = limit
        let whole = limit / baySize
        let rest = limit - whole * baySize
        let bays = Array(repeating: baySize, count: whole) + (rest > 0 ? [rest] : [])
        state = Mutex(State(free: bays))
    }

    /// Runs `body` when there is room, and tells it the bay of its place.
    ///
    /// Throws `CancellationError` when the caller is cancelled while it waits.
    func run<T: Sendable>(_ body: (_ bay: Int) async throws -> T) async throws -> T {
        let bay = try await enter()
        defer { leave(bay) }
        return try await body(bay)
    }

    private func enter() async throws -> Int {
        let place = state.withLock { state -> (bay: Int?, ticket: Int) in
            if let bay = state.take() { return (bay, 0) }
            state.nextTicket += 1
            return (nil, state.nextTicket)
        }
        if let bay = place.bay { return bay }
        guard let bay = await waitForPlace(place.ticket) else { throw CancellationError() }
        return bay
    }

    private func waitForPlace(_ ticket: Int) async -> Int? {
        let bay = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Int?, Never>) in
                let answer = state.withLock { state -> Int?? in
                    if state.cancelled.remove(ticket) != nil { return .some(nil) }
                    if let bay = state.take() { return bay }
                    state.queue.append((ticket, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Int?, Never>? in
                guard let place = state.queue.firstIndex(where: { $0.ticket == ticket }) else {
                    state.cancelled.insert(ticket)
                    return nil
                }
                return state.queue.remove(at: place).continuation
            }
            waiting?.resume(returning: nil)
        }
        _ = state.withLock { $0.cancelled.remove(ticket) }
        return bay
    }

    private func leave(_ bay: Int) {
        let next = state.withLock { state -> CheckedContinuation<Int?, Never>? in
            guard !state.queue.isEmpty else {
                state.free[bay] += 1
                return nil
            }
            return state.queue.removeFirst().continuation
        }
        next?.resume(returning: bay)
    }
}
