public import Connections
public import Schedule
import Synchronization

/// A clock whose hands a test moves; whoever sleeps on it wakes when they pass its moment.
public final class ManualClock: WallClock {
    private struct Sleeper {
        let until: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Instant
        var uptime = Duration.zero
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var last = 0
    }

    private let state: Mutex<State>

    /// A clock that shows `now`.
    public init(_ now: Instant = Instant(seconds: 1_800_000_000)) {
        state = Mutex(State(now: now))
    }

    /// What the clock shows.
    public func now() -> Instant { state.withLock { $0.now } }

    /// How long it has run.
    public func uptime() -> Duration { state.withLock { $0.uptime } }

    /// Somebody sets it, by so much: no time passes.
    public func set(by step: Duration) { state.withLock { $0.now += step } }

    /// How many sleep on it.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Moves the hands and wakes whoever is due.
    public func advance(by duration: Duration) {
        let due = state.withLock { state -> [Sleeper] in
            state.now += duration
            state.uptime += duration
            let due = state.sleepers.filter { $0.value.until <= state.uptime }
            for key in due.keys { state.sleepers[key] = nil }
            return Array(due.values)
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Sleeps until the hands have moved so far.
    public func sleep(for duration: Duration) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isOver = state.withLock { state -> Result<Bool, CancellationError> in
                    if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
                    guard duration > .zero else { return .success(true) }
                    state.sleepers[number] = Sleeper(until: state.uptime + duration, continuation: continuation)
                    return .success(false)
                }
                switch isOver {
                case .failure(let error): continuation.resume(throwing: error)
                case .success(true): continuation.resume()
                case .success(false): break
                }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
