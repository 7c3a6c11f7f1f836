import DequeModule
import Synchronization

/// Lets at most so many requests run at the same time; the others wait in order.
///
/// The places are in bays of a size; those of the first bays are taken first. At first only some bays are open. When those who wait would wait long at the pace
/// of the last moment, twice as many are: a fast server serves a burst soonest over few connections, a slow one needs many.
final class ConcurrencyLimiter: Sendable {
    private struct State {
        /// Free places by bay.
        var free: [Int]
        /// How many bays are open.
        var open: Int
        /// How many requests have ended since the queue was looked at; nil while nobody looks.
        var ended: Int?
        /// What resumes a waiter is the bay of its place, or nil when it was cancelled.
        var queue: Deque<(ticket: Int, continuation: CheckedContinuation<Int?, Never>)> = []
        var nextTicket = 0
        var cancelled: Set<Int> = []

        mutating func take() -> Int? {
            guard let bay = free[..<open].firstIndex(where: { $0 > 0 }) else { return nil }
            free[bay] -= 1
            return bay
        }
    }

    /// How often the queue is looked at.
    private static let interval = Duration.milliseconds(50)
    /// So many times that long may those in the queue have to wait.
    private static let patience = 10

    let limit: Int
    private let state: Mutex<State>
    private let clock: any WallClock

    /// A limiter whose places are all in one bay, unless told otherwise.
    ///
    /// - Parameter openBays: how many bays are open at first.
    init(limit: Int, baySize: Int = .max, openBays: Int = .max, clock: any WallClock = SystemClock()) {
        self.limit = limit
        self.clock = clock
        let whole = limit / baySize
        let rest = limit - whole * baySize
        let bays = Array(repeating: baySize, count: whole) + (rest > 0 ? [rest] : [])
        state = Mutex(State(free: bays, open: min(openBays, bays.count)))
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
                    if state.open < state.free.count, state.ended == nil {
                        state.ended = 0
                        Task.detached { await self.watchQueue() }
                    }
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
            if let ended = state.ended { state.ended = ended + 1 }
            guard !state.queue.isEmpty else {
                state.free[bay] += 1
                return nil
            }
            return state.queue.removeFirst().continuation
        }
        next?.resume(returning: bay)
    }

    /// Opens more bays while those in the queue would wait too long, and not all are open.
    private func watchQueue() async {
        // Not cancelled: it is nobody's child.
        repeat { try? await clock.sleep(for: Self.interval) } while admitMore()
    }

    /// Opens twice as many bays where those in the queue would wait too long; false when nothing is left to be looked at.
    private func admitMore() -> Bool {
        let (admitted, mustGoOn) = state.withLock { state in
            var admitted: [(CheckedContinuation<Int?, Never>, Int)] = []
            if let ended = state.ended, ended * Self.patience < state.queue.count {
                state.open = min(state.open * 2, state.free.count)
                while !state.queue.isEmpty, let bay = state.take() {
                    admitted.append((state.queue.removeFirst().continuation, bay))
                }
            }
            let mustGoOn = state.open < state.free.count && !state.queue.isEmpty
            state.ended = mustGoOn ? 0 : nil
            return (admitted, mustGoOn)
        }
        for (continuation, bay) in admitted { continuation.resume(returning: bay) }
        return mustGoOn
    }
}
