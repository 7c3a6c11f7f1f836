import Connections
import Schedule
import Synchronization

/// Limits of time for many tasks at once, with one alarm for all of them.
///
/// A sleeping task per limit would stay in memory until its hour is over, even when what it limits took a millisecond.
final class Deadlines: Sendable {
    /// Where a limit is kept.
    struct Ticket: Sendable {
        fileprivate let slot: Int64
        fileprivate let number: UInt64
    }

    private struct State {
        var slots: [Int64: [UInt64: @Sendable () -> Void]] = [:]
        var lastNumber: UInt64 = 0
        var alarm: (any Alarm)?
        var armed: Int64?
    }

    private let clock: any EngineClock
    private let state = Mutex(State())

    /// Limits are kept to 10 ms.
    private static let resolution: Int64 = 10_000

    init(clock: any EngineClock) {
        self.clock = clock
        let alarm = clock.makeAlarm { [weak self] in self?.ring() }
        state.withLock { $0.alarm = alarm }
    }

    /// Calls `expire` after `limit`, unless the ticket is given back before.
    func add(after limit: Duration, _ expire: @escaping @Sendable () -> Void) -> Ticket {
        let now = clock.uptime()
        let slot = ((now + limit).wholeMicroseconds + Self.resolution - 1) / Self.resolution
        return state.withLock { state in
            state.lastNumber += 1
            let ticket = Ticket(slot: slot, number: state.lastNumber)
            state.slots[slot, default: [:]][ticket.number] = expire
            if state.armed.map({ slot < $0 }) ?? true { arm(&state, slot, now: now) }
            return ticket
        }
    }

    /// Gives a ticket back.
    func remove(_ ticket: Ticket) {
        state.withLock { state in
            state.slots[ticket.slot]?[ticket.number] = nil
            if state.slots[ticket.slot]?.isEmpty == true { state.slots[ticket.slot] = nil }
        }
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
            let current = now.wholeMicroseconds / Self.resolution
            var expired: [@Sendable () -> Void] = []
            for slot in state.slots.keys.filter({ $0 <= current }) {
                expired.append(contentsOf: state.slots.removeValue(forKey: slot)?.values.map { $0 } ?? [])
            }
            arm(&state, state.slots.keys.min(), now: now)
            return expired
        }
        for expire in expired { expire() }
    }

    private func arm(_ state: inout State, _ slot: Int64?, now: Duration) {
        state.armed = slot
        state.alarm?.set(slot.map { .after(.microseconds($0 * Self.resolution) - now) })
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
