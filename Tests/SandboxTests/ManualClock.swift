import Synchronization

/// A clock that stands still until a test moves it; who sleeps on it wakes up when its time has come.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var sleepers: [(deadline: Instant, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let slept: AsyncStream<Duration>
    private let announce: AsyncStream<Duration>.Continuation

    init() {
        (slept, announce) = AsyncStream.makeStream()
    }

    var now: Instant { state.withLock { $0.now } }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        await withCheckedContinuation { continuation in
            let (isPast, remaining) = state.withLock { state in
                if deadline <= state.now { return (true, Duration.zero) }
                state.sleepers.append((deadline, continuation))
                return (false, state.now.duration(to: deadline))
            }
            if isPast { continuation.resume() } else { announce.yield(remaining) }
        }
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let now = state.now
            let due = state.sleepers.filter { $0.deadline <= now }
            state.sleepers.removeAll { $0.deadline <= now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Waits for the next sleeper and says how long it means to sleep.
    func nextSleep() async -> Duration? {
        await slept.first { _ in true }
    }
}
