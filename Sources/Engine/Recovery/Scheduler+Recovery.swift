import CEL
import Recipe
import Schedule
import Store

extension Scheduler {
    /// At most so many runs that a shutdown interrupted are looked for; a process does not leave more behind.
    private static let interruptedLimit = 100_000

    /// Takes up what dead processes left, and what earlier ones interrupted when they were stopped.
    func recover() async throws(StoreError) {
        let query = RunQuery(statuses: [.interrupted], limit: Self.interruptedLimit)
        let interrupted = try await services.store.runs(query).filter { $0.reason == Interruption.shutdown }
        try await takeUp(try await orphans() + interrupted)
        try await countParked()
        await lookForBackfills()
    }

    /// Takes up live runs that no living node holds.
    func adoptOrphans() async throws(StoreError) {
        let orphans = try await orphans()
        if !orphans.isEmpty { try await takeUp(orphans) }
    }

    private func orphans() async throws(StoreError) -> [RunRecord] {
        let moment = now
        let orphans = try await services.store.orphans(now: moment) { $0.isAlive(now: moment) }
        return orphans.filter { $0.node != services.node }
    }

    /// Resumes each run, begins it again, or closes it with the reason.
    private func takeUp(_ left: [RunRecord]) async throws(StoreError) {
        var parsed: [String: RecipePlan] = [:]
        for run in left.sorted(by: { $0.fire.scheduledAt < $1.fire.scheduledAt }) where !isStopping {
            let taken = try await services.store.takeOver(run.id, fence: run.fence, node: services.node)
            guard let taken else { continue }
            if let reason = taken.cancelReason { pendingCancels[taken.id] = reason }
            guard run.fire.trigger != TriggerName.once else {
                try await close(taken, "its process ended before it was done, and an ad-hoc run is not resumed")
                continue
            }
            let prefix = run.startedAt == nil ? "" : "its process ended before it was done, and "
            guard isThere(run.fire.recipe) else {
                try await close(taken, prefix + "the recipe is not there any more")
                continue
            }
            guard let plan = try await plan(of: taken, &parsed) else {
                try await close(taken, prefix + "the text it began with is no valid recipe any more")
                continue
            }
            let order = try await order(of: taken, plan)
            if let begin = beginning(ofClaimed: taken) {
                var terms = order.terms
                // It cannot have begun: there is nothing that `on_interrupt` could be asked about.
                terms.beginning = .resume
                start(order.with(terms: terms), at: begin)
            } else {
                start(order)
            }
        }
        await fillSlots()
    }

    /// When a run begins that a dead process had claimed before its time; nil for one whose time has come.
    private func beginning(ofClaimed run: RunRecord) -> Instant? {
        // What is later was begun before the clock was set back.
        run.startedAt.flatMap { $0 > now && $0 - now <= Self.lead ? $0 : nil }
    }

    /// Whether a recipe has a file, be it right or wrong: what began with a right one goes on with that.
    func isThere(_ recipe: String) -> Bool { plans[recipe] != nil || workspace.brokenRecipes.contains(recipe) }

    func order(of run: RunRecord, _ plan: RecipePlan) async throws(StoreError) -> RunOrder {
        order(of: run, plan, inputs: try await services.store.run(run.id.text)?.inputs)
    }

    func order(of run: RunRecord, _ plan: RecipePlan, inputs: Value?) -> RunOrder {
        let trigger = plan.trigger(of: run)
        var terms = RunOrder.Terms()
        if run.cause == .schedule, let trigger {
            terms.jitter = trigger.delay(of: run.fire.scheduledAt, recipe: run.fire.recipe)
        }
        if run.startedAt != nil {
            switch plan.recipe.onInterrupt {
            case .resume: terms.beginning = .resume
            case .restart: terms.beginning = plan.recipe.delivery == .atMostOnce ? .resume : .restart
            case .fail: terms.beginning = .fail(reason: "its process ended before it was done (on_interrupt: fail)")
            }
        }
        return order(run, plan, trigger: trigger, inputs: inputs ?? plan.defaultInputs, terms: terms)
    }

    /// The recipe as it was when the run began; its connections are the present ones (DESIGN section 10).
    func plan(of run: RunRecord, _ parsed: inout [String: RecipePlan]) async throws(StoreError) -> RecipePlan? {
        let name = run.fire.recipe
        if let current = plans[name], run.version == nil || run.version == current.recipe.version { return current }
        guard let version = run.version else { return nil }
        if let known = parsed["\(name)\n\(version)"] { return known }
        guard let text = try await services.store.version(version),
            let recipe = services.loader.recipe(fromVersion: text, of: name, in: workspace)
        else { return nil }
        let plan = RecipePlan(recipe)
        parsed["\(name)\n\(version)"] = plan
        return plan
    }

    /// Ends a run that cannot go on.
    func close(_ run: RunRecord, _ reason: String) async throws(StoreError) {
        await Leftovers(of: run.id, in: try await services.store.checkpoints(of: run.id)).end()
        let end = RunEnd(run: run.id, status: .interrupted, finishedAt: now, reason: reason)
        try await services.store.finish(end, fence: run.fence)
        services.observer.observe(.closed(run, reason: reason))
    }
}

extension RecipePlan {
    /// The trigger that asked for a run; nil for one that a person started, or where it is gone.
    func trigger(of run: RunRecord) -> Trigger? {
        let isOnStart = run.cause == .start
        let id = isOnStart ? String(run.fire.trigger.dropLast(Scheduler.startSuffix.count)) : run.fire.trigger
        return recipe.triggers.first { $0.id == id }
    }
}

/// Trigger identities that are no trigger's.
public enum TriggerName {
    /// A run that `runner trigger` asked for.
    public static let manual = "manual"
    /// A run of `runner once`.
    public static let once = "once"
}
