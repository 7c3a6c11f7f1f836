import Connections
import Engine
import Schedule
import Synchronization

/// A clock whose hands a test moves.
///
/// Alarms ring and sleepers wake only while it is moved.
final class ManualEngineClock: EngineClock {
    private enum Moment {
        case wall(Instant)
        case uptime(Duration)
    }

    private struct Waiting {
        var moment: Moment
        let ring: @Sendable () -> Void
    }

    private struct State {
        var wall: Instant
        var uptime = Duration.zero
        var lastNumber = 0
        var alarms: [Int: Waiting] = [:]
        var sleepers: [Int: (until: Duration, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var slept: [Duration] = []
        var reactions: [@Sendable () -> Void] = []
    }

    private let state: Mutex<State>
    /// Sleeping moves the hands instead of waiting.
    private let isImpatient: Bool

    init(at wall: Instant, isImpatient: Bool = false) {
        state = Mutex(State(wall: wall))
        self.isImpatient = isImpatient
    }

    func now() -> Instant { state.withLock { $0.wall } }
    func uptime() -> Duration { state.withLock { $0.uptime } }
    /// How long each sleeper wanted to sleep, in order.
    var slept: [Duration] { state.withLock { $0.slept } }
    /// Tasks that sleep now.
    var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        let number = state.withLock { state in
            state.slept.append(duration)
            if isImpatient {
                state.wall += duration
                state.uptime += duration
            }
            state.lastNumber += 1
            return state.lastNumber
        }
        guard !isImpatient, duration > .zero else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if Task.isCancelled { return true }
                    state.sleepers[number] = (state.uptime + duration, continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: number) }?.continuation.resume(
                throwing: CancellationError()
            )
        }
    }

    func makeAlarm(_ ring: @escaping @Sendable () -> Void) -> any Alarm {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return HandAlarm(clock: self, number: number, ring: ring)
    }

    func watchSteps(_ react: @escaping @Sendable () -> Void) -> (any ClockWatching)? {
        state.withLock { $0.reactions.append(react) }
        return nil
    }

    private final class HandAlarm: Alarm {
        private let clock: ManualEngineClock
        private let number: Int
        private let ring: @Sendable () -> Void

        init(clock: ManualEngineClock, number: Int, ring: @escaping @Sendable () -> Void) {
            self.clock = clock
            self.number = number
            self.ring = ring
        }

        func set(_ moment: AlarmMoment?) {
            clock.state.withLock { state in
                switch moment {
                case .at(let instant): state.alarms[number] = Waiting(moment: .wall(instant), ring: ring)
                case .after(let duration):
                    state.alarms[number] = Waiting(moment: .uptime(state.uptime + duration), ring: ring)
                case nil: state.alarms[number] = nil
                }
            }
        }
    }

    // MARK: Moving the hands

    /// Lets time pass, from one event to the next; `settle` runs after each, so that what it set off is done.
    func advance(by duration: Duration, settle: () async -> Void = {}) async {
        var remaining = duration
        while true {
            let (step, rings) = move(atMost: remaining)
            remaining -= step
            for ring in rings { ring() }
            await settle()
            if rings.isEmpty { return }
        }
    }

    /// Sets the wall clock, as an administrator does, or lets the machine sleep: nothing rings on the way.
    func step(by duration: Duration) {
        state.withLock { $0.wall += duration }
    }

    /// Sets the wall clock, or wakes the machine from its sleep, and tells those who watch it, as the kernel does.
    func set(by duration: Duration) {
        let reactions = state.withLock { state in
            state.wall += duration
            return state.reactions
        }
        for react in reactions { react() }
    }

    /// Moves to the next event, but not further than `limit`, and takes out what it sets off.
    private func move(atMost limit: Duration) -> (step: Duration, rings: [@Sendable () -> Void]) {
        state.withLock { state in
            let distances =
                state.alarms.values.map { Self.distance(to: $0.moment, state) }
                + state.sleepers.values.map { $0.until - state.uptime }
            let step = min(limit, max(.zero, distances.min() ?? limit))
            state.wall += step
            state.uptime += step
            var rings: [@Sendable () -> Void] = []
            for (number, alarm) in state.alarms.sorted(by: { $0.key < $1.key })
            where Self.distance(to: alarm.moment, state) <= .zero {
                state.alarms[number] = nil
                rings.append(alarm.ring)
            }
            for (number, sleeper) in state.sleepers.sorted(by: { $0.key < $1.key }) where sleeper.until <= state.uptime
            {
                state.sleepers[number] = nil
                rings.append { sleeper.continuation.resume() }
            }
            return (step, rings)
        }
    }

    private static func distance(to moment: Moment, _ state: State) -> Duration {
        switch moment {
        case .wall(let instant): instant - state.wall
        case .uptime(let duration): duration - state.uptime
        }
    }
}
