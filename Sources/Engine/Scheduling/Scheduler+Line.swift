import Connections
import DequeModule
import Recipe
import Schedule
import Store

/// How the runs go on that wait in memory for a slot.
struct Queueing {
    /// From then on nobody waits for slots that are not free.
    let end: Duration
    /// So many runs there may be, where there are slots for more: to begin many that end soon only takes memory.
    var room: Int
    /// How many have had a slot since that was looked at.
    var moved = 0
}

/// Many fires at one moment that were claimed before it: those for which there is no slot stand in line for those of runs that end within milliseconds.
///
/// To claim them costs as much as a seventh of all that a short run costs, and is done before the moment comes. Their records say `running` from then on. When the
/// line does not move, they wait as `queued` in the store, as all others that find no slot.
extension Scheduler {
    /// A process with fewer slots claims no fire ahead that may have to stand in line.
    private static let manySlots = 256
    /// So many begin at once.
    private static let firstRoom = 1_024

    /// Whether a fire may be claimed ahead though there may be no slot for it when its time comes.
    func mayStandInLine(_ watch: Watch) -> Bool {
        // What a crash finds in line goes on after it; where `on_interrupt` says otherwise, it must have begun.
        maxConcurrentRuns >= Self.manySlots && waiting.isEmpty && watch.trigger.startDeadline == nil
            && watch.plan.recipe.onInterrupt != .fail
    }

    /// Begins claimed runs, which are counted, or lets them stand in line; not those that have to wait for others, or that may come too late in it.
    func lineUp(_ claimed: [RunOrder]) {
        let orders = claimed.filter { $0.run.status == .running && $0.trigger?.startDeadline == nil }
        if orders.count < claimed.count {
            for order in claimed where order.run.status != .running || order.trigger?.startDeadline != nil {
                place(order)
            }
        }
        guard !line.isEmpty || orders.count > min(maxConcurrentRuns - running.count, Self.firstRoom) else {
            for order in orders { place(order) }
            return
        }
        line.append(contentsOf: orders)
        guard queueing == nil else { return moveLine() }
        queueing = Queueing(end: services.clock.uptime() + Self.patience.all, room: running.count + Self.firstRoom)
        lineAlarm?.set(.after(Self.patience.part))
        moveLine()
        queueing?.moved = 0
    }

    /// Slots are free: begins the next ones.
    func moveLine() {
        guard let room = queueing?.room, !isStopping else { return }
        let moment = now
        let count = line.count
        while running.count < min(maxConcurrentRuns, room), let order = line.popFirst() {
            var run = order.run
            run.startedAt = max(moment, run.startedAt ?? moment)
            begin(order.with(run: run), RunHandle())
        }
        queueing?.moved += count - line.count
        if line.isEmpty { endLine() }
    }

    private func endLine() {
        queueing = nil
        lineAlarm?.set(nil)
    }

    /// Makes room where those that have begun go on for longer, and gives the line up where there are no slots.
    func lookAtLine() async {
        guard let state = queueing else { return }
        let isMoving = state.moved >= Self.patience.slots
        guard running.count < maxConcurrentRuns || isMoving && services.clock.uptime() < state.end else {
            return await breakUpLine()
        }
        if !isMoving { queueing?.room *= 2 }
        lineAlarm?.set(.after(Self.patience.part))
        moveLine()
        queueing?.moved = 0
    }

    /// Takes those out of the line who are to be judged as if their time had not come yet.
    func leaveLine(where areMeant: (RunOrder) -> Bool) {
        guard line.contains(where: areMeant) else { return }
        let uptime = services.clock.uptime()
        ahead += line.filter(areMeant).map { AheadRun(uptime: uptime, order: $0) }
        line.removeAll(where: areMeant)
        if line.isEmpty { endLine() }
    }

    /// Lets those who stand in line wait in the store.
    func breakUpLine() async {
        guard !line.isEmpty else { return }
        let orders = line
        line.removeAll()
        endLine()
        let areHeld: [Bool]
        do {
            areHeld = try await services.store.queue(orders.map(\.run), node: services.node)
        } catch {
            services.observer.observe(.storeFailed(error))
            // Nobody else takes them: who asks for their turns asks the store.
            areHeld = orders.map { _ in true }
        }
        for (order, isHeld) in zip(orders, areHeld) {
            guard isHeld else {
                await drop(order)
                continue
            }
            var run = order.run
            (run.status, run.startedAt) = (.queued, nil)
            waiting.append(order.with(run: run))
        }
        if isStopping {
            await releaseWaiting()
        } else {
            keepLease()
        }
        await fillSlots()
    }
}
