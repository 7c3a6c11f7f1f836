import DequeModule
import Synchronization

/// Who wants a place among the requests that may run at the same time.
protocol PlaceTaker: AnyObject, Sendable {
    /// Takes a place of a bay, and gives it back by `leave` later; false when it needs none any more, or needs it no longer.
    func take(placeIn bay: Int) -> Bool
}

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
        var queue: Deque<any PlaceTaker> = []

        mutating func takePlace() -> Int? {
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
        let bay = try await place()
        defer { leave(bay) }
        return try await body(bay)
    }

    private func place() async throws -> Int {
        if let bay = state.withLock({ $0.takePlace() }) { return bay }
        let waiter = PlaceWaiter()
        let bay = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if waiter.wait(continuation) { enter(waiter) }
            }
        } onCancel: {
            withdraw(waiter)
            waiter.cancel()
        }
        guard let bay else { throw CancellationError() }
        return bay
    }

    /// Lets a taker have a place: at once, or in its turn, on the thread of whoever leaves one.
    func enter(_ taker: any PlaceTaker) {
        let bay = state.withLock { state -> Int? in
            if let bay = state.takePlace() { return bay }
            state.queue.append(taker)
            if state.open < state.free.count, state.ended == nil {
                state.ended = 0
                Task.detached { await self.watchQueue() }
            }
            return nil
        }
        if let bay, !taker.take(placeIn: bay) { leave(bay) }
    }

    /// Takes out of the queue who needs no place any more.
    func withdraw(_ taker: any PlaceTaker) {
        state.withLock { state in
            if let place = state.queue.firstIndex(where: { $0 === taker }) { state.queue.remove(at: place) }
        }
    }

    /// Gives a place back: the next in the queue takes it.
    func leave(_ bay: Int) {
        var ended = 1
        while let next = next(in: bay, ended) {
            if next.take(placeIn: bay) { return }
            ended = 0
        }
    }

    /// The next in the queue; where there is none, the place is free.
    private func next(in bay: Int, _ ended: Int) -> (any PlaceTaker)? {
        state.withLock { state in
            if let before = state.ended { state.ended = before + ended }
            if state.queue.isEmpty { state.free[bay] += 1 }
            return state.queue.popFirst()
        }
    }

    /// Opens more bays while those in the queue would wait too long, and not all are open.
    private func watchQueue() async {
        // Not cancelled: it is nobody's child.
        repeat { try? await clock.sleep(for: Self.interval) } while admitMore()
    }

    /// Opens twice as many bays where those in the queue would wait too long; false when nothing is left to be looked at.
    private func admitMore() -> Bool {
        let (admitted, mustGoOn) = state.withLock { state in
            var admitted: [(any PlaceTaker, Int)] = []
            if let ended = state.ended, ended * Self.patience < state.queue.count {
                state.open = min(state.open * 2, state.free.count)
                while !state.queue.isEmpty, let bay = state.takePlace() {
                    admitted.append((state.queue.removeFirst(), bay))
                }
            }
            let mustGoOn = state.open < state.free.count && !state.queue.isEmpty
            state.ended = mustGoOn ? 0 : nil
            return (admitted, mustGoOn)
        }
        for (taker, bay) in admitted where !taker.take(placeIn: bay) { leave(bay) }
        return mustGoOn
    }
}

/// A task that waits for a place.
private final class PlaceWaiter: PlaceTaker {
    private enum State {
        case new
        case waiting(CheckedContinuation<Int?, Never>)
        case over
    }

    private let state = Mutex(State.new)

    /// Waits; false when it was cancelled before.
    func wait(_ continuation: CheckedContinuation<Int?, Never>) -> Bool {
        let isOver = state.withLock { state in
            if case .over = state { return true }
            state = .waiting(continuation)
            return false
        }
        if isOver { continuation.resume(returning: nil) }
        return !isOver
    }

    func take(placeIn bay: Int) -> Bool { end(with: bay) }

    func cancel() { _ = end(with: nil) }

    private func end(with bay: Int?) -> Bool {
        let before = state.withLock { state in
            defer { state = .over }
            return state
        }
        guard case .waiting(let continuation) = before else { return false }
        continuation.resume(returning: bay)
        return true
    }
}
