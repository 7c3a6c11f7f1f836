import Connections
import DequeModule
import Recipe
import Schedule
import Store

/// How fast the runs go on that wait in memory for a slot.
struct Queueing {
    /// When the last of them has had its slot, or waits in the store.
    let end: Duration
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

    /// Whether a fire may be claimed ahead though there may be no slot for it when its time comes.
    func mayStandInLine(_ watch: Watch) -> Bool {
        // What a crash finds in line goes on after it; where `on_interrupt` says otherwise, it must have begun.
        maxConcurrentRuns >= Self.manySlots && waiting.isEmpty && watch.trigger.startDeadline == nil
            && watch.plan.recipe.onInterrupt != .fail
    }

    /// Begins claimed runs, which are counted, or lets them stand in line.
    func lineUp(_ orders: [RunOrder]) {
        guard !line.isEmpty || orders.count > maxConcurrentRuns - running.count else {
            for order in orders { place(order) }
            return
        }
        line.append(contentsOf: orders)
        moveLine()
    }

    /// Slots are free: begins the next ones.
    func moveLine() {
        guard !line.isEmpty else { return }
        let moment = now
        while running.count < maxConcurrentRuns, !isStopping, let order = line.popFirst() {
            var run = order.run
            run.startedAt = max(moment, run.startedAt ?? moment)
            queueing?.moved += 1
            begin(order.with(run: run), RunHandle())
        }
        if line.isEmpty {
            queueing = nil
            lineAlarm?.set(nil)
        } else if queueing == nil {
            queueing = Queueing(end: services.clock.uptime() + Self.patience.all)
            lineAlarm?.set(.after(Self.patience.part))
        }
    }

    /// Whether it goes on fast enough to wait for.
    func lookAtLine() async {
        guard var state = queueing else { return }
        guard state.moved >= Self.patience.slots, services.clock.uptime() < state.end else {
            return await breakUpLine()
        }
        state.moved = 0
        queueing = state
        lineAlarm?.set(.after(Self.patience.part))
    }

    /// Lets those who stand in line wait in the store.
    func breakUpLine() async {
        guard !line.isEmpty else { return }
        let orders = line
        line.removeAll()
        queueing = nil
        lineAlarm?.set(nil)
        var areHeld: [Bool]
        do {
            let runs = orders.map { HeldRun(run: $0.run.id, fence: $0.run.fence) }
            areHeld = try await services.store.queue(runs, node: services.node)
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
