import CEL
import CLinux
import Recipe
import Schedule
import Store

extension Scheduler {
    /// How long others believe in this node without hearing of it, and how often it makes itself heard while it has runs.
    static let leaseTime = Duration.seconds(30)
    private static let leaseRenewal = Duration.seconds(10)

    /// The order of a run that this node holds, by what the files say now: such a run may leave memory while it waits.
    func order(
        _ run: RunRecord,
        _ plan: RecipePlan,
        trigger: Trigger? = nil,
        inputs: Value,
        terms: RunOrder.Terms = RunOrder.Terms()
    ) -> RunOrder {
        var terms = terms
        terms.canPark = true
        return RunOrder(
            run: run,
            plan: plan,
            trigger: trigger,
            inputs: inputs,
            connections: workspace.connections,
            recipes: plans,
            terms: terms
        )
    }

    /// Starts a run that this node holds, or lets it wait for a slot or for its turn.
    func start(_ order: RunOrder) {
        count(order)
        place(order)
    }

    /// This node holds a run more.
    func count(_ order: RunOrder) { heldRuns[order.run.fire.recipe, default: 0] += 1 }

    /// Begins a run that is counted, or lets it wait.
    func place(_ order: RunOrder) {
        // What was claimed while the process began to stop has its slot, and as much grace as the others.
        guard order.run.status == .running, running.count < maxConcurrentRuns else {
            waiting.append(order)
            keepLease()
            return
        }
        begin(order, RunHandle())
    }

    func begin(_ order: RunOrder, _ handle: RunHandle) {
        hold(order.run.id, handle)
        if let reason = pendingCancels.removeValue(forKey: order.run.id) { handle.cancel(.request(reason: reason)) }
        services.performer.begin(order, handle: handle) { result in
            if self.endedRuns.append(order, result) { Task { await self.lookAtEnded() } }
        }
    }

    /// Takes a slot.
    private func hold(_ run: RunID, _ handle: RunHandle) {
        if running.isEmpty { keepLease() }
        running[run] = handle
        peak = max(peak, running.count)
    }

    /// What follows from the ends of runs.
    private func lookAtEnded() async {
        var mustWake = false
        for (order, result) in endedRuns.takeAll() {
            guard result.parkedUntil == nil, !isNews(order, result) else {
                // What people are told of may take its time; the others need not wait for it.
                Task { await self.ended(order, result) }
                continue
            }
            if release(order) { mustWake = true }
        }
        await giveSlots()
        if mustWake { await wake() }
    }

    /// Slots are free: those who wait in the store come first, then those who stand in line, then those who have no record yet.
    func giveSlots() async {
        if !waiting.isEmpty { await fillSlots() }
        moveLine()
        didFreeSlots()
        if waiting.isEmpty { await fillSlots() }
    }

    /// The end of a run that was parked, or that may raise an alarm or end one.
    private func ended(_ order: RunOrder, _ result: RunResult) async {
        if let until = result.parkedUntil { return await didPark(order, result, until: until) }
        // Before its slot is given up: a process that stops waits for this, too.
        await judge(order, result)
        let mustWake = release(order)
        await giveSlots()
        if mustWake { await wake() }
    }

    /// Gives up the slot of a run: another may have its turn, and a catch-up may go on; true when something is due by that.
    private func release(_ order: RunOrder) -> Bool {
        let (run, recipe) = (order.run.id, order.run.fire.recipe)
        running[run] = nil
        letGo(of: order)
        waiting.retry(recipe)
        let key = TriggerKey(recipe: recipe, trigger: order.run.fire.trigger)
        var mustWake = requeueOwed(of: recipe)
        if watches[key]?.didEnd(run) == true {
            requeue(key)
            mustWake = true
        }
        let backfill = backfills.isEmpty ? nil : backfills[recipe]
        if let backfill {
            chores.set(.backfill(recipe), to: max(now, backfill))
            mustWake = true
        }
        // Another node may hold the run whose turn it is now.
        if backfill != nil || plans[recipe]?.recipe.takesTurns == true { services.store.notify() }
        return mustWake
    }

    /// This node holds a run no more.
    private func letGo(of order: RunOrder) { letGo(of: order.run.fire.recipe) }

    func letGo(of recipe: String) {
        guard let place = heldRuns.index(forKey: recipe) else { return }
        if heldRuns.values[place] > 1 { heldRuns.values[place] -= 1 } else { heldRuns.remove(at: place) }
    }

    /// Owed fires of any trigger of a recipe wait until none of its runs is left; true when some need wait no longer.
    func requeueOwed(of recipe: String) -> Bool {
        guard heldRuns[recipe] == nil, let plan = plans[recipe] else { return false }
        var isAny = false
        for trigger in plan.recipe.triggers {
            let key = TriggerKey(recipe: recipe, trigger: trigger.id)
            guard watches[key]?.owed.isEmpty == false else { continue }
            requeue(key)
            isAny = true
        }
        return isAny
    }

    private func becomeIdle() {
        willRenewLease = false
        leaseAlarm?.set(nil)
        if peak >= Self.manyRuns {
            chores.set(.memory, to: now + Self.memoryPause)
            if !isAwake, !isStopping { setAlarm() }
        }
        for waiter in idleWaiters { waiter.resume() }
        idleWaiters.removeAll()
    }

    /// Starts waiting runs while there are slots; recipes take turns.
    ///
    /// One pass at a time: slots that become free while the store writes are filled by one more transaction, however many they are.
    func fillSlots() async {
        if areParkedDue, running.count < maxConcurrentRuns, !isStopping {
            await resumeParked()
            await wake()
        }
        guard !isFilling else { return }
        isFilling = true
        while !isStopping {
            let moment = now
            let orders = await takeWaiting(at: moment)
            guard !orders.isEmpty else { break }
            let trials = await trials(of: orders, at: moment)
            for ((order, handle), trial) in zip(orders, trials) { await settle(order, handle, trial, at: moment) }
        }
        // What is taken over while the process stops is the next one's.
        if isStopping { await releaseWaiting() }
        isFilling = false
        if running.isEmpty, waiting.isEmpty { becomeIdle() }
    }

    /// Takes as many waiting runs as there are slots, and holds these while the store writes.
    private func takeWaiting(at moment: Instant) async -> [(RunOrder, RunHandle)] {
        var orders: [(RunOrder, RunHandle)] = []
        while running.count < maxConcurrentRuns, let order = waiting.takeNext() {
            if let reason = order.lateReason(at: moment) {
                await miss(order, reason)
                continue
            }
            let handle = RunHandle()
            hold(order.run.id, handle)
            orders.append((order, handle))
        }
        return orders
    }

    private func settle(_ order: RunOrder, _ handle: RunHandle, _ trial: WaitingRuns.Trial, at moment: Instant) async {
        guard case .started = trial else {
            running[order.run.id] = nil
            waiting.settle(order, trial)
            if case .dropped = trial { await drop(order) }
            return
        }
        waiting.settle(order, .started)
        var run = order.run
        run.status = .running
        run.startedAt = run.startedAt ?? moment
        begin(order.with(run: run), handle)
    }

    /// A run that waited is not this node's any more, or has ended without running.
    func drop(_ order: RunOrder) async {
        letGo(of: order)
        if requeueOwed(of: order.run.fire.recipe) { await wake() }
    }

    /// Ends a run that has waited too long.
    private func miss(_ order: RunOrder, _ reason: String) async {
        let end = RunEnd(run: order.run.id, status: .missed, finishedAt: now, reason: reason)
        do {
            try await services.store.finish(end, fence: order.run.fence)
        } catch {
            guard case .fenced = error else {
                services.observer.observe(.storeFailed(error))
                return waiting.settle(order, .mustWait)
            }
        }
        waiting.settle(order, .dropped)
        var run = order.run
        (run.status, run.reason) = (.missed, reason)
        services.observer.observe(.unserved(run))
        await drop(order)
    }

    /// Asks the store which of these waiting runs may start.
    private func trials(of orders: [(RunOrder, RunHandle)], at moment: Instant) async -> [WaitingRuns.Trial] {
        let requests = orders.map { order, _ in
            StartRequest(run: order.run.id, fence: order.run.fence, rule: order.startRule)
        }
        do {
            return zip(orders, try await services.store.start(requests, at: moment)).map { element, outcome in
                switch outcome {
                case .started: return .started
                case .mustWait: return .mustWait
                // Another fire took its place, or another node holds it now.
                case .fenced: return .dropped
                case .paused(let reason):
                    var run = element.0.run
                    (run.status, run.reason) = (.paused, reason)
                    services.observer.observe(.unserved(run))
                    return .dropped
                }
            }
        } catch {
            services.observer.observe(.storeFailed(error))
            // Whoever waits for others must not go on unasked; it tries again with the lease. For one that does not, the record stays `queued`, the run goes
            // on, and its end is recorded as any other.
            return orders.map { order, _ in order.startRule == .inTurn ? .mustWait : .started }
        }
    }

    /// Looks for what others want of this node, or have left to it: on a wake-up, and from time to time while runs wait.
    func lookAround() async {
        guard !isStopping else { return }
        await judgePausesAhead()
        await adoptQuietly()
        do {
            let requests = try await services.store.cancelRequests(of: services.node)
            pendingCancels.removeAll()
            for request in requests {
                guard let handle = running[request.run] else {
                    pendingCancels[request.run] = request.reason
                    continue
                }
                handle.cancel(.request(reason: request.reason))
            }
        } catch {
            services.observer.observe(.storeFailed(error))
        }
        waiting.retryAll()
        await fillSlots()
        await lookForParked()
        await lookForBackfills()
        await loadAlarms()
        for recipe in pausedExpectations { await judgeSuccess(of: recipe) }
        await wake()
    }

    /// Takes up runs that no living node holds.
    func adoptQuietly() async {
        do {
            try await adoptOrphans()
        } catch {
            services.observer.observe(.storeFailed(error))
        }
    }

    /// After many runs at once the allocator keeps what they used for more of the kind, which may be an hour away.
    func giveMemoryBack() {
        guard running.isEmpty, waiting.isEmpty else { return }
        peak = 0
        Task.detached(priority: .background) { clinux_release_free_memory() }
    }

    private static let manyRuns = 64
    /// So long nothing runs before that, so that many fires in a row need not take their memory anew each time.
    private static let memoryPause = Duration.seconds(10)

    // MARK: The lease

    /// While it holds runs, others must see that this node lives.
    func keepLease() {
        guard !willRenewLease else { return }
        setLeaseAlarm()
        guard let leaseUntil, leaseUntil - now < Self.leaseRenewal else { return }
        Task { await self.renewLease() }
    }

    private func setLeaseAlarm() {
        willRenewLease = true
        leaseAlarm?.set(.after(Self.leaseRenewal))
    }

    func leaseAlarmRang() async {
        willRenewLease = false
        await renewLease()
        // A wake-up can be lost with the process that should have sent it.
        if !waiting.isEmpty { await lookAround() }
    }

    private func renewLease() async {
        guard !running.isEmpty || !waiting.isEmpty else { return }
        let until = now + Self.leaseTime
        leaseUntil = until
        setLeaseAlarm()
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
        pruning?.cancel()
        silenceAlarm()
        stopWaitingForSlots()
        services.observer.observe(.stopping(runs: running.count))
        // What is being claimed at this moment still begins.
        while isAwake || !ahead.isEmpty { await withCheckedContinuation { sleepWaiters.append($0) } }
        await breakUpLine()
        await releaseWaiting()
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

    /// Runs that wait are any other node's, or the next process's.
    func releaseWaiting() async {
        let orders = waiting.removeAll()
        guard !orders.isEmpty else { return }
        let queued = orders.map(\.run).filter { $0.status != .running }
        do {
            // Where another fire has taken the place of one, that is its record.
            _ = try await services.store.queue(queued, node: nil)
        } catch {
            services.observer.observe(.storeFailed(error))
        }
        for order in orders where order.run.status == .running {
            do {
                try await interrupt(order.run)
            } catch {
                if case .fenced = error { continue }
                services.observer.observe(.storeFailed(error))
            }
        }
        services.store.notify()
    }

    /// It goes on after an interruption, or would have, had there been a slot.
    private func interrupt(_ run: RunRecord) async throws(StoreError) {
        let end = RunEnd(run: run.id, status: .interrupted, finishedAt: now, reason: Interruption.shutdown)
        try await services.store.finish(end, fence: run.fence)
    }
}

extension Recipe {
    /// Whether runs of it can wait for each other.
    fileprivate var takesTurns: Bool {
        triggers.contains { trigger in
            switch trigger.overlap {
            case .queueOne, .queue, .cancel: true
            case .skip, .allow: false
            }
        }
    }
}
