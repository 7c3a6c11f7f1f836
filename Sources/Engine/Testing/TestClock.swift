public import Schedule
import Synchronization

/// A clock that stands still while anything happens, and jumps to the end of the next wait when everybody waits.
///
/// Nobody can see whether other tasks are at work. It takes it for a sign that they are not when nobody has asked it anything for a while, the store has
/// nothing to write, and everybody who was ready to go on has had his turn: at worst the waits of parallel branches end in another order than they would have.
public final class TestClock: EngineClock {
    private struct State {
        var elapsed = Duration.zero
        var sleepers: [Int: (until: Duration, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var cancelled: Set<Int> = []
        var alarms: [Int: (until: Duration, ring: @Sendable () -> Void)] = [:]
        var last = 0
        /// Counts whatever happens, so that a moment in which nothing does is seen.
        var events: UInt64 = 0
        var isWatching = false

        mutating func number() -> Int {
            last += 1
            return last
        }
    }

    private let start: Instant
    private let isBusy: @Sendable () -> Bool
    private let state = Mutex(State())
    /// The real time in which nothing happens before the hands move.
    private static let stillness = Duration.milliseconds(1)
    /// So often it looks, and lets others go before.
    private static let (looks, turns) = (2, 8)

    /// A clock that shows `start`; while `isBusy` its hands do not move.
    public init(_ start: Instant, isBusy: @escaping @Sendable () -> Bool = { false }) {
        self.start = start
        self.isBusy = isBusy
    }

    /// What it shows.
    public func now() -> Instant { start + uptime() }

    /// How far its hands have moved.
    public func uptime() -> Duration {
        state.withLock { state in
            state.events += 1
            return state.elapsed
        }
    }

    /// Says that something happened that it is not asked about.
    func noteEvent() { state.withLock { $0.events += 1 } }

    /// Moves the hands to a moment, if that is still to come.
    func advance(to moment: Instant) { advance(to: moment - start) }

    /// Sleeps until the hands have moved so far.
    public func sleep(for duration: Duration) async throws {
        let number = state.withLock { $0.number() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                enum Answer { case cancelled, over, sleeps(mustWatch: Bool) }
                let answer = state.withLock { state -> Answer in
                    state.events += 1
                    if state.cancelled.remove(number) != nil { return .cancelled }
                    guard duration > .zero else { return .over }
                    state.sleepers[number] = (state.elapsed + duration, continuation)
                    defer { state.isWatching = true }
                    return .sleeps(mustWatch: !state.isWatching)
                }
                switch answer {
                case .cancelled: continuation.resume(throwing: CancellationError())
                case .over: continuation.resume()
                case .sleeps(let mustWatch): if mustWatch { Task.detached { await self.watch() } }
                }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// An alarm that is not set.
    public func makeAlarm(_ ring: @escaping @Sendable () -> Void) -> any Alarm {
        TestAlarm(clock: self, number: state.withLock { $0.number() }, ring: ring)
    }

    /// Nobody sets this clock.
    public func watchSteps(_ react: @escaping @Sendable () -> Void) -> (any ClockWatching)? { nil }

    fileprivate func set(_ number: Int, _ moment: AlarmMoment?, _ ring: @escaping @Sendable () -> Void) {
        let isDue = state.withLock { state in
            state.events += 1
            let until: Duration? =
                switch moment {
                case .at(let instant): instant - start
                case .after(let duration): state.elapsed + duration
                case nil: nil
                }
            guard let until, until <= state.elapsed else {
                state.alarms[number] = until.map { ($0, ring) }
                return false
            }
            state.alarms[number] = nil
            return true
        }
        // Whoever sets it may hold a lock that `ring` takes.
        if isDue { Task.detached { ring() } }
    }

    /// Moves the hands as long as somebody sleeps.
    private func watch() async {
        while true {
            let before = state.withLock(\.events)
            var isStill = true
            for _ in 0..<Self.looks {
                try? await Task.sleep(for: Self.stillness)
                isStill = isStill && !isBusy()
                // Whoever is ready stands before this task in the queue.
                for _ in 0..<Self.turns { await Task.yield() }
            }
            let next = state.withLock { state -> Duration?? in
                guard !state.sleepers.isEmpty else {
                    state.isWatching = false
                    return nil
                }
                guard isStill, state.events == before else { return .some(nil) }
                return (state.sleepers.values.map(\.until) + state.alarms.values.map(\.until)).min()
            }
            guard let next else { return }
            if let moment = next { advance(to: moment) }
        }
    }

    private func advance(to moment: Duration) {
        let (woken, rung) = state.withLock { state in
            state.events += 1
            state.elapsed = max(state.elapsed, moment)
            let now = state.elapsed
            let woken = state.sleepers.filter { $0.value.until <= now }
            for number in woken.keys { state.sleepers[number] = nil }
            let rung = state.alarms.filter { $0.value.until <= now }
            for number in rung.keys { state.alarms[number] = nil }
            return (woken.sorted { $0.key < $1.key }.map(\.value.continuation), rung.values.map(\.ring))
        }
        for ring in rung { ring() }
        for continuation in woken { continuation.resume() }
    }
}

/// An alarm of a test's clock.
private final class TestAlarm: Alarm {
    private let clock: TestClock
    private let number: Int
    private let ring: @Sendable () -> Void

    init(clock: TestClock, number: Int, ring: @escaping @Sendable () -> Void) {
        self.clock = clock
        self.number = number
        self.ring = ring
    }

    deinit { clock.set(number, nil, ring) }

    func set(_ moment: AlarmMoment?) { clock.set(number, moment, ring) }
}
