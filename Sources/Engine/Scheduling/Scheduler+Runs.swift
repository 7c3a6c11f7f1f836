import CLinux
import Recipe
import Schedule
import Store

extension Scheduler {
    /// How long others believe in this node without hearing of it, and how often it makes itself heard while it has runs.
    static let leaseTime = Duration.seconds(30)
    private static let leaseRenewal = Duration.seconds(10)

    /// Starts a claimed run, or lets it wait for a slot.
    func start(_ order: RunOrder) {
        liveRuns[order.run.fire.recipe, default: 0] += 1
        guard order.run.status == .running, running.count < maxConcurrentRuns, !isStopping else {
            waiting.append(order)
            return
        }
        begin(order, RunHandle())
    }

    private func begin(_ order: RunOrder, _ handle: RunHandle) {
        if running.isEmpty { keepLease() }
        running[order.run.id] = handle
        peak = max(peak, running.count)
        let performer = services.performer
        Task {
            _ = await performer.run(order, handle: handle)
            await self.ended(order.run.id, order.run.fire)
        }
    }

    /// What follows from the end of a run: a slot is free, and a catch-up may go on.
    private func ended(_ run: RunID, _ fire: FireKey) async {
        running[run] = nil
        let recipe = fire.recipe
        liveRuns[recipe] = liveRuns[recipe].flatMap { $0 > 1 ? $0 - 1 : nil }
        await fillSlots()
        let key = TriggerKey(recipe: recipe, trigger: fire.trigger)
        var mustWake = false
        if watches[key]?.didEnd(run) == true {
            requeue(key)
            mustWake = true
        }
        // Owed fires of any trigger of the recipe wait until none of its runs is left.
        if liveRuns[recipe] == nil, let plan = plans[recipe] {
            for trigger in plan.recipe.triggers {
                let key = TriggerKey(recipe: recipe, trigger: trigger.id)
                guard let watch = watches[key], !watch.owed.isEmpty else { continue }
                requeue(key)
                mustWake = true
            }
        }
        if running.isEmpty, waiting.isEmpty {
            leaseAlarm?.set(nil)
            giveMemoryBack()
            for waiter in idleWaiters { waiter.resume() }
            idleWaiters.removeAll()
        }
        if mustWake { await wake() }
    }

    /// Starts runs that wait for a slot, first come first served.
    func fillSlots() async {
        while running.count < maxConcurrentRuns, !isStopping, !waiting.isEmpty {
            var order = waiting.removeFirst()
            let moment = now
            // Holds the slot while the store writes.
            let handle = RunHandle()
            if running.isEmpty { keepLease() }
            running[order.run.id] = handle
            do {
                try await services.store.start(order.run.id, at: moment, fence: order.run.fence)
            } catch {
                // The record stays `queued`; the run itself can go on, and its end is recorded as any other.
                services.observer.observe(.storeFailed(error))
            }
            order.run.status = .running
            order.run.startedAt = moment
            begin(order, handle)
        }
    }

    /// After many runs at once the allocator keeps what they used for more of the kind, which may be an hour away.
    private func giveMemoryBack() {
        guard peak >= Self.manyRuns else { return }
        peak = 0
        Task.detached(priority: .background) { clinux_release_free_memory() }
    }

    private static let manyRuns = 64

    // MARK: The lease

    /// While runs go on, others must see that this node lives.
    private func keepLease() {
        leaseAlarm?.set(.after(Self.leaseRenewal))
        guard let leaseUntil, leaseUntil - now < Self.leaseRenewal else { return }
        Task { await self.renewLease() }
    }

    func renewLease() async {
        guard !running.isEmpty else { return }
        let until = now + Self.leaseTime
        leaseUntil = until
        leaseAlarm?.set(.after(Self.leaseRenewal))
        do {
            try await services.store.renewLease(of: services.node, until: until)
        } catch {
            services.observer.observe(.storeFailed(error))
        }
    }

    // MARK: Stopping

    /// Starts nothing more, waits for what runs, and interrupts what is not done within `grace`: the next process resumes it.
    func stop(grace: Duration) async {
        guard !isStopping else { return }
        isStopping = true
        silenceAlarm()
        services.observer.observe(.stopping(runs: running.count))
        // What is being claimed at this moment still gets its record; it does not begin any more.
        while isAwake { await withCheckedContinuation { sleepWaiters.append($0) } }
        await interruptWaiting()
        guard !running.isEmpty else { return }
        let clock = services.clock
        let graceAlarm = clock.makeAlarm { [weak self] in
            guard let self else { return }
            Task { await self.interruptRunning() }
        }
        graceAlarm.set(.after(grace))
        await withCheckedContinuation { idleWaiters.append($0) }
        graceAlarm.set(nil)
    }

    private func interruptRunning() {
        for handle in running.values { handle.cancel(.shutdown) }
    }

    /// Runs that never got a slot are the next process's.
    private func interruptWaiting() async {
        let orders = waiting
        waiting.removeAll()
        for order in orders {
            let end = RunEnd(
                run: order.run.id,
                status: .interrupted,
                finishedAt: now,
                reason: Interruption.shutdown
            )
            do {
                try await services.store.finish(end, fence: order.run.fence)
            } catch {
                services.observer.observe(.storeFailed(error))
            }
        }
    }
}
