import Recipe
import Schedule
import Store
import YAML

extension Scheduler {
    /// Takes over what a workspace says, at the start of the process and whenever its files have changed.
    ///
    /// `watch` follows.
    func load(_ workspace: Workspace) async throws(StoreError) {
        var plans = workspace.recipes.mapValues(RecipePlan.init)
        // It has no triggers: alarms start it.
        if let alerts = workspace.alerts { plans[alerts.name] = RecipePlan(alerts) }
        // Texts must be there before a run can name them.
        let versions = plans.values.map { RecipeVersion(hash: $0.recipe.version, source: $0.recipe.text) }
        try await services.store.save(versions, now: now)
        self.plans = plans
        self.workspace = workspace
    }

    /// Watches the triggers of the loaded recipes, and no others.
    ///
    /// A trigger that was never seen, or comes back, owes fires from now on; a known one goes on where it stood.
    func watchTriggers(isStart: Bool) async throws(StoreError) {
        var triggers: [TriggerKey: (RecipePlan, Trigger)] = [:]
        for (name, plan) in plans where plan.recipe.isEnabled {
            for trigger in plan.recipe.triggers where trigger.isEnabled {
                triggers[TriggerKey(recipe: name, trigger: trigger.id)] = (plan, trigger)
            }
        }
        let moment = now
        let unreadable = try await triggersOfBrokenRecipes()
        let records = try await seen(triggers.mapValues(\.1), and: unreadable, at: moment)
        for key in watches.keys where triggers[key] == nil {
            watches[key] = nil
            queue.set(key, to: nil)
        }
        var late: [TriggerKey] = []
        let seen = firstSeen
        firstSeen = [:]
        for (name, plan) in plans where plan.recipe.alarms.expectations.successEvery != nil {
            firstSeen[name] = seen[name] ?? moment
        }
        for record in records {
            if let known = firstSeen[record.key.recipe] { firstSeen[record.key.recipe] = min(record.firstSeen, known) }
            guard let (plan, trigger) = triggers[record.key] else { continue }
            if var known = watches[record.key] {
                known.plan = plan
                known.trigger = trigger
                watches[record.key] = known
            } else {
                let last = max(record.watermark, record.lastFire ?? record.watermark)
                let watch = Watch(plan: plan, trigger: trigger, last: last)
                watches[record.key] = watch
                if watch.hasMissed(at: moment) {
                    late.append(record.key)
                    continue
                }
            }
            requeue(record.key)
        }
        await reviseAhead()
        await catchUp(late, at: moment)
        await loadAlarms()
        if isStart { expectPruning() }
        await closeAlarms()
        await watchExpectations()
        if isStart { await fireOnStart(at: moment) }
        await wake()
    }

    /// The records of the present triggers; where the clock was ahead in an earlier process, what that recorded of the time to come is taken back.
    private func seen(
        _ triggers: [TriggerKey: Trigger],
        and unreadable: [TriggerKey],
        at moment: Instant
    ) async throws(StoreError) -> [TriggerRecord] {
        let records = try await services.store.see(triggers.keys + unreadable, now: moment)
        let ahead = records.filter { record in
            watches[record.key] == nil
                && Self.isAhead(max(record.watermark, record.lastFire ?? record.watermark), at: moment)
        }
        let known = ahead.compactMap { record in triggers[record.key].map { (record.key, $0) } }
        guard !known.isEmpty else { return records }
        try await takeBack(known, at: moment)
        return try await services.store.see(triggers.keys + unreadable, now: moment)
    }

    /// The triggers of recipes that only a mistake keeps away: what they owe is served, or recorded as missed, when it is mended.
    private func triggersOfBrokenRecipes() async throws(StoreError) -> [TriggerKey] {
        let broken = workspace.brokenRecipes.filter { plans[$0] == nil }
        guard !broken.isEmpty else { return [] }
        let known = try await services.store.triggers()
        return known.filter { $0.removedAt == nil && broken.contains($0.key.recipe) }.map(\.key)
    }

    /// `run_on_start`: a fire of its own per process start, under its own trigger identity, so that it never stands for a time of the schedule.
    private func fireOnStart(at moment: Instant) async {
        let fires = watches.values.filter(\.trigger.runsOnStart).sorted { $0.key.recipe < $1.key.recipe }.map { watch in
            Fire(
                key: TriggerKey(recipe: watch.key.recipe, trigger: watch.key.trigger + Self.startSuffix),
                time: moment,
                cause: .start,
                plan: watch.plan,
                trigger: watch.trigger,
                jitter: .zero
            )
        }
        if !fires.isEmpty { await claim(fires) }
    }

    /// What is added to a trigger's identity for the run of `run_on_start`.
    static let startSuffix = "@start"
}
