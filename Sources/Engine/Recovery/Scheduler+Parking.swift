import Recipe
import Schedule
import Store

/// Runs that wait are parked: they leave memory and slot, the store keeps when they go on, and any node takes them up then.
extension Scheduler {
    /// So many go on in one transaction at most.
    private static let batch = 256
    /// How long it waits before it asks a store again that refused.
    private static let retryPause = Duration.seconds(1)

    /// A run has left memory, and is held still: what is caught up waits for its end.
    func didPark(_ order: RunOrder, _ result: RunResult, until: Instant) async {
        let (run, recipe) = (order.run.id, order.run.fire.recipe)
        if let recipe = plans[recipe]?.recipe { await judgeLateness(recipe, order.run, result) }
        running[run] = nil
        parked[run] = ParkedRun(run: run, recipe: recipe, until: until)
        let isEarlier = expectParked(at: until)
        await giveSlots()
        guard isEarlier else { return }
        // Should this process die, others go on with it on time.
        services.store.notify()
        await wake()
    }

    /// Counts the runs that earlier processes have parked.
    func countParked() async throws(StoreError) {
        for run in try await services.store.parked() {
            parked[run.run] = run
            heldRuns[run.recipe, default: 0] += 1
        }
        if let next = parked.values.map(\.until).min() { expectParked(at: next) }
    }

    /// Sees whether others have parked a run that goes on sooner than those that are known.
    func lookForParked() async {
        do {
            if let next = try await services.store.nextParked() { expectParked(at: next) }
        } catch {
            services.observer.observe(.storeFailed(error))
        }
    }

    /// Has the parked runs looked at then; false when that happens sooner anyway.
    @discardableResult
    private func expectParked(at moment: Instant) -> Bool {
        if let nextParked, nextParked <= moment { return false }
        nextParked = moment
        chores.set(.parked, to: moment)
        return true
    }

    /// Goes on with the runs whose time has come, as far as there are slots.
    func resumeParked() async {
        (nextParked, areParkedDue) = (nil, false)
        let limit = min(Self.batch, maxConcurrentRuns - running.count)
        guard limit > 0, !isStopping else {
            areParkedDue = true
            return
        }
        let moment = now
        do {
            let due = try await services.store.takeParked(due: moment, limit: limit, node: services.node)
            var parsed: [String: RecipePlan] = [:]
            for resumed in due { try await goOn(resumed, &parsed) }
            if due.count == limit { return _ = expectParked(at: moment) }
            forgetTaken(before: moment)
            if let next = try await services.store.nextParked() { expectParked(at: next) }
        } catch {
            services.observer.observe(.storeFailed(error))
            expectParked(at: now + Self.retryPause)
        }
    }

    private func goOn(_ resumed: ResumedRun, _ parsed: inout [String: RecipePlan]) async throws(StoreError) {
        let run = resumed.run
        if parked.removeValue(forKey: run.id) != nil { letGo(of: run.fire.recipe) }
        guard isThere(run.fire.recipe) else {
            return try await close(run, "its wait is over, and the recipe is not there any more")
        }
        guard let plan = try await plan(of: run, &parsed) else {
            return try await close(run, "its wait is over, and the text it began with is no valid recipe any more")
        }
        let order = order(of: run, plan, inputs: resumed.inputs)
        var terms = order.terms
        // Nothing has interrupted it: `on_interrupt` does not apply.
        (terms.beginning, terms.wasParked) = (.resume, true)
        if let reason = run.cancelReason { pendingCancels[run.id] = reason }
        heldRuns[run.fire.recipe, default: 0] += 1
        // A run that was claimed meanwhile may have the slot: one more for a while is better than a record that says it began just now.
        begin(order.with(terms: terms), RunHandle())
    }

    /// Runs whose time has come, and that are not parked any more, are another node's.
    private func forgetTaken(before moment: Instant) {
        for run in parked.values where run.until <= moment {
            parked[run.run] = nil
            letGo(of: run.recipe)
            _ = requeueOwed(of: run.recipe)
            if let earliest = backfills[run.recipe] { chores.set(.backfill(run.recipe), to: max(now, earliest)) }
        }
    }
}
