import Connections
import Schedule
import Synchronization

/// Limits of time for many tasks at once, with one alarm for all of them.
///
/// A sleeping task per limit would stay in memory until its hour is over, even when what it limits took a millisecond.
final class Deadlines: Sendable {
    /// Where a limit is kept.
    struct Ticket: Sendable { fileprivate let number: Int }

    private struct Limit {
        /// When it is over, on the clock's `uptime`.
        let due: Duration
        /// Nil when it was.
        var expire: (@Sendable () -> Void)?
    }

    private struct State {
        var limits = SlotList<Limit>()
        var alarm: (any Alarm)?
        /// What the alarm is set to.
        var armed: Duration?
    }

    private let clock: any EngineClock
    private let state = Mutex(State())

    /// Limits are kept to this.
    private static let resolution = Duration.milliseconds(10)

    init(clock: any EngineClock) {
        self.clock = clock
        let alarm = clock.makeAlarm { [weak self] in self?.ring() }
        state.withLock { $0.alarm = alarm }
    }

    /// Calls `expire` after `limit`, unless the ticket is given back before; it is to be given back in any case.
    func add(after limit: Duration, _ expire: @escaping @Sendable () -> Void) -> Ticket {
        let now = clock.uptime()
        let due = now + limit
        return state.withLock { state in
            if state.armed.map({ due < $0 }) ?? true { arm(&state, due, now: now) }
            return Ticket(number: state.limits.insert(Limit(due: due, expire: expire)))
        }
    }

    /// Gives a ticket back.
    func remove(_ ticket: Ticket) {
        let limit = state.withLock { $0.limits.remove(ticket.number) }
        // Freed outside the lock.
        _ = limit
    }

    /// Runs `operation` as a task that is cancelled after `limit`, and says whether that happened.
    func run<Success: Sendable>(
        within limit: Duration,
        _ operation: @escaping @Sendable () async -> Success
    ) async -> (value: Success, isExpired: Bool) {
        let task = Task(operation: operation)
        let isExpired = Flag()
        let ticket = add(after: limit) {
            isExpired.raise()
            task.cancel()
        }
        let value = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        remove(ticket)
        return (value, isExpired.isRaised)
    }

    private func ring() {
        let now = clock.uptime()
        let expired = state.withLock { state in
            var expired: [@Sendable () -> Void] = []
            var next: Duration?
            state.limits.updateEach { limit in
                guard let expire = limit.expire else { return }
                if limit.due <= now {
                    expired.append(expire)
                    limit.expire = nil
                } else {
                    next = min(next ?? limit.due, limit.due)
                }
            }
            // What is over a moment later rings with that.
            arm(&state, next.map { max($0, now + Self.resolution) }, now: now)
            return expired
        }
        for expire in expired { expire() }
    }

    private func arm(_ state: inout State, _ moment: Duration?, now: Duration) {
        state.armed = moment
        state.alarm?.set(moment.map { .after($0 - now) })
    }
}

/// Something that happened, once raised for good.
final class Flag: Sendable {
    private let state = Mutex(false)

    /// Whether it was raised.
    var isRaised: Bool { state.withLock { $0 } }

    /// Raises it.
    func raise() { state.withLock { $0 = true } }
}
