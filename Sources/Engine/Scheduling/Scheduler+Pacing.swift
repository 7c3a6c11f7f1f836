import Connections
import Recipe
import Schedule
import Store
import Synchronization

/// Many fires at one moment: they are claimed part by part, about as fast as runs end.
extension Scheduler {
    /// So many fires are claimed in one transaction, first and at most.
    ///
    /// While the first of many run, the next are claimed, and the ends of others are written in the same commit. Larger parts need fewer commits, but leave
    /// both cores idle while one waits for the disk.
    private static let part = 128...256
    /// How long fires that are due wait for slots, each part and all of them, and for how many at least, before they are claimed without: then they wait in the
    /// store, and everybody can see them.
    static let patience = (part: Duration.milliseconds(100), all: Duration.seconds(2), slots: 64)
    /// For fewer slots it is not worth the wait.
    private static let few = 16

    /// Someone who waits until so many slots are free.
    struct SlotWaiter {
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    /// Claims fires that are due; what was claimed first is under way while the next part is claimed.
    ///
    /// While runs end within milliseconds, the next part waits for their slots: a run that waits in the store first costs more than one that begins at once.
    func claimInParts(_ fires: [Fire]) async {
        var rest = fires[...]
        var size = Self.part.lowerBound
        let end = services.clock.uptime() + Self.patience.all
        var isPatient = true
        while !rest.isEmpty, !isStopping {
            var count = size
            if isPatient, rest.first?.begin == nil {
                isPatient = await haveSlots(min(size, rest.count, max(1, maxConcurrentRuns / 4)), until: end)
                if isPatient { count = min(size, freeSlots) }
            }
            await claim(rest.prefix(count).filter { !didMissDeadline($0) })
            rest = rest.dropFirst(count)
            size = min(size * 2, Self.part.upperBound)
        }
    }

    /// Whether a fire has waited for a slot longer than its `start_deadline`; then it is looked at again, as one that is late.
    private func didMissDeadline(_ fire: Fire) -> Bool {
        guard fire.trigger.startDeadline != nil, case .catchUp = watches[fire.key]?.step(at: now) else { return false }
        requeue(fire.key)
        return true
    }

    /// Slots that no run has, and none that is claimed ahead.
    private var freeSlots: Int { maxConcurrentRuns - running.count - ahead.count }

    /// Whether so many slots are free, now or, before `end` of the uptime, in a moment, or at least enough to go on waiting for the others.
    private func haveSlots(_ count: Int, until end: Duration) async -> Bool {
        if freeSlots >= count { return true }
        guard count >= Self.few, services.clock.uptime() < end else { return false }
        slotAlarm?.set(.after(Self.patience.part))
        await withCheckedContinuation { slotWaiter = SlotWaiter(count: count, continuation: $0) }
        slotAlarm?.set(nil)
        return freeSlots >= min(count, Self.patience.slots)
    }

    /// Lets the one who waits for slots look.
    func stopWaitingForSlots() {
        slotWaiter?.continuation.resume()
        slotWaiter = nil
    }

    /// Runs have given up their slots.
    func didFreeSlots() {
        guard let slotWaiter, freeSlots >= slotWaiter.count else { return }
        stopWaitingForSlots()
    }
}

/// Runs that have ended and that the scheduler has not looked at yet: it looks at all of them at once.
final class EndedRuns: Sendable {
    private let runs = Mutex<[(order: RunOrder, result: RunResult)]>([])

    /// Adds a run; true when it is the first, and the scheduler must be told.
    func append(_ order: RunOrder, _ result: RunResult) -> Bool {
        runs.withLock { runs in
            runs.append((order, result))
            return runs.count == 1
        }
    }

    /// Takes all of them, in the order of their ends.
    func takeAll() -> [(order: RunOrder, result: RunResult)] {
        runs.withLock { runs in
            defer { runs.removeAll(keepingCapacity: true) }
            return runs
        }
    }
}
