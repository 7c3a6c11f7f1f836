import Connections
import Recipe
import Schedule
import Store

/// A run that is claimed, and begins in a moment.
struct AheadRun: Sendable {
    /// When it begins, on the clock that nobody sets.
    let uptime: Duration
    var order: RunOrder
    /// Whether it is being judged again: it does not begin before that has been done.
    var isOnTrial = false
}

/// Claims are written shortly before their time, so that runs begin on it: to write one durably takes longer than all else.
///
/// A claim is no run yet: a pause, a removal or an edit that comes before it begins is obeyed.
extension Scheduler {
    /// So long before its time a fire is claimed, where nothing can happen in between that would decide otherwise: longer than a disk stalls that others write
    /// to as well.
    static let lead = Duration.milliseconds(500)
    /// So long before its time the same is tried once more, of a fire whose recipe still had a run then.
    private static let shortLead = Duration.milliseconds(50)
    /// So many fires at most are claimed ahead: about as many as can be written in that time.
    private static let aheadLimit = 16_384

    /// When a trigger that is due at a moment is looked at: early enough to claim its fire, or then when that has been tried.
    func look(for moment: Instant, at now: Instant) -> Instant {
        for lead in [Self.lead, Self.shortLead] where moment - lead > now { return moment - lead }
        return moment
    }

    /// The fire that is due at a moment, when it can be claimed already: it has a slot or may stand in line for one, and no run of this node whose end would have to be
    /// awaited.
    ///
    /// - Parameter count: how many fires take their slots before it.
    func fireAhead(_ watch: Watch, due moment: Instant?, at now: Instant, after count: Int) -> Fire? {
        guard let moment, moment - now <= Self.lead, ahead.count + count < Self.aheadLimit,
            running.count + ahead.count + count < maxConcurrentRuns || mayStandInLine(watch),
            watch.trigger.overlap == .allow || heldRuns[watch.key.recipe] == nil,
            case .start(let time, isOwed: false) = watch.step(at: moment)
        else { return nil }
        return fire(watch, time, isOwed: false, begin: moment)
    }

    /// Gets ready what the runs of fires that are claimed ahead would wait for.
    func prepare(_ fires: [Fire]) {
        let plans = fires.compactMap { $0.begin == nil ? nil : $0.plan }
        if !plans.isEmpty { services.performer.prepare(plans, connections: workspace.connections) }
    }

    /// Starts a claimed run when its time has come.
    func start(_ order: RunOrder, at begin: Instant) {
        let wait = begin - now
        count(order)
        guard wait > .zero else { return order.run.status == .running ? lineUp([order]) : place(order) }
        // By a clock that is not set: a run that is claimed must not wait for an hour that comes again.
        let uptime = services.clock.uptime() + wait
        ahead.append(AheadRun(uptime: uptime, order: order))
        guard nextAhead.map({ uptime < $0 }) ?? true else { return }
        nextAhead = uptime
        aheadAlarm?.set(.after(wait))
    }

    /// Starts the claimed runs whose time has come.
    func startAhead() {
        let uptime = services.clock.uptime()
        let due = ahead.filter { $0.uptime <= uptime && !$0.isOnTrial }
        ahead.removeAll { $0.uptime <= uptime && !$0.isOnTrial }
        lineUp(due.map(\.order))
        setAheadAlarm()
        if ahead.isEmpty, !isAwake { resumeSleepWaiters() }
    }

    private func setAheadAlarm() {
        nextAhead = ahead.lazy.filter { !$0.isOnTrial }.map(\.uptime).min()
        if let nextAhead { aheadAlarm?.set(.after(nextAhead - services.clock.uptime())) }
    }

    // MARK: What comes between

    /// Gives up the claims of recipes that a person has paused meanwhile: their records say so.
    func judgePausesAhead() async {
        guard !ahead.isEmpty || !line.isEmpty else { return }
        let orders: [RunOrder]
        do {
            let paused = Set(try await services.store.pauses(after: nil).map(\.recipe))
            leaveLine { paused.contains($0.run.fire.recipe) }
            orders = putOnTrial { paused.contains($0.run.fire.recipe) }
        } catch {
            return services.observer.observe(.storeFailed(error))
        }
        guard !orders.isEmpty else { return }
        let requests = orders.map { StartRequest(run: $0.run.id, fence: $0.run.fence, rule: .besideOthers) }
        do {
            for (order, outcome) in zip(orders, try await services.store.start(requests, at: now)) {
                settle(order, outcome)
            }
        } catch {
            services.observer.observe(.storeFailed(error))
            for order in orders { acquit(order) }
        }
        startAhead()
    }

    private func settle(_ order: RunOrder, _ outcome: StartOutcome) {
        switch outcome {
        case .started, .mustWait: acquit(order)
        case .paused(let reason):
            var run = order.run
            (run.status, run.reason, run.startedAt, run.node) = (.paused, reason, nil, nil)
            services.observer.observe(.unserved(run))
            dropAhead(order)
        case .fenced: dropAhead(order)
        }
    }

    /// Makes the claims go by what the files say now: the text of the recipe as it is, and no run for a trigger that is gone or asks for another time.
    func reviseAhead() async {
        for number in ahead.indices {
            ahead[number].order = ahead[number].order.with(connections: workspace.connections, recipes: plans)
        }
        let isOutdated = { (order: RunOrder) in
            self.watch(of: order)?.plan.recipe.version != order.run.version || !self.isAsked(order)
        }
        leaveLine(where: isOutdated)
        let orders = putOnTrial(isOutdated)
        guard !orders.isEmpty else { return }
        let plans = orders.map { isAsked($0) ? watch(of: $0)?.plan : nil }
        for (number, error) in await revise(orders, plans) {
            let (order, plan) = (orders[number], plans[number])
            switch error {
            case nil: if let plan { acquit(revised(order, plan)) } else { withdraw(order) }
            case .fenced?: dropAhead(order)
            case let error?:
                services.observer.observe(.storeFailed(error))
                acquit(order)
            }
        }
        startAhead()
    }

    /// Makes the records of claims name other versions, or none; all at the same time, so that the store writes them together.
    private nonisolated func revise(_ orders: [RunOrder], _ plans: [RecipePlan?]) async -> [(Int, StoreError?)] {
        let store = services.store
        return await withTaskGroup(of: (Int, StoreError?).self) { group in
            for (number, order) in orders.enumerated() {
                let version = plans[number]?.recipe.version
                group.addTask {
                    do throws(StoreError) {
                        try await store.revise(order.run.id, fence: order.run.fence, version: version)
                        return (number, nil)
                    } catch {
                        return (number, error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func watch(of order: RunOrder) -> Watch? {
        watches[TriggerKey(recipe: order.run.fire.recipe, trigger: order.run.fire.trigger)]
    }

    /// Whether the trigger still asks for the fire of a claimed run.
    private func isAsked(_ order: RunOrder) -> Bool {
        let time = order.run.fire.scheduledAt
        return watch(of: order)?.trigger.next(after: time - .microseconds(1)) == time
    }

    /// The same run with the recipe as it is now.
    private func revised(_ order: RunOrder, _ plan: RecipePlan) -> RunOrder {
        var run = order.run
        run.version = plan.recipe.version
        return self.order(
            run,
            plan,
            trigger: plan.trigger(of: run),
            inputs: plan.defaultInputs,
            terms: order.terms
        )
    }

    /// The fire of a claimed run has no record any more.
    private func withdraw(_ order: RunOrder) {
        let key = TriggerKey(recipe: order.run.fire.recipe, trigger: order.run.fire.trigger)
        watches[key]?.takeBack(to: order.run.fire.scheduledAt - .microseconds(1))
        dropAhead(order)
        requeue(key)
    }

    // MARK: Trials

    /// Keeps claimed runs from beginning, and gives their orders.
    private func putOnTrial(_ isMeant: (RunOrder) -> Bool) -> [RunOrder] {
        var orders: [RunOrder] = []
        for number in ahead.indices where !ahead[number].isOnTrial && isMeant(ahead[number].order) {
            ahead[number].isOnTrial = true
            orders.append(ahead[number].order)
        }
        return orders
    }

    /// Lets a claimed run begin at its time.
    private func acquit(_ order: RunOrder) {
        guard let number = ahead.firstIndex(where: { $0.order.run.id == order.run.id }) else { return }
        ahead[number].order = order
        ahead[number].isOnTrial = false
    }

    /// Forgets a claimed run, which will not begin here.
    private func dropAhead(_ order: RunOrder) {
        ahead.removeAll { $0.order.run.id == order.run.id }
        letGo(of: order.run.fire.recipe)
        _ = requeueOwed(of: order.run.fire.recipe)
    }
}
