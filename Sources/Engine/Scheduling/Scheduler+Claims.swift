import Recipe
import Schedule
import Store

/// A fire that is about to be claimed, with all that its run needs: a reload may change the watch meanwhile.
struct Fire: Sendable {
    let key: TriggerKey
    let time: Instant
    let isOwed: Bool
    let plan: RecipePlan
    let trigger: Trigger
    let jitter: Duration
}

extension Scheduler {
    func fire(_ watch: Watch, _ time: Instant, isOwed: Bool) -> Fire {
        Fire(
            key: watch.key,
            time: time,
            isOwed: isOwed,
            plan: watch.plan,
            trigger: watch.trigger,
            jitter: isOwed ? .zero : watch.jitter(of: time)
        )
    }

    /// How long the scheduler waits before it asks a store again that refused.
    private static let storePause = Duration.seconds(1)

    /// Claims fires in one transaction and starts what was claimed.
    func claim(_ fires: [Fire]) async {
        let now = now
        let requests = fires.enumerated().map { position, fire in
            let hasSlot = running.count + position < maxConcurrentRuns
            return ClaimRequest(
                run: RunRecord(
                    fire: FireKey(recipe: fire.key.recipe, trigger: fire.key.trigger, scheduledAt: fire.time),
                    status: hasSlot ? .running : .queued,
                    startedAt: hasSlot ? now : nil,
                    node: services.node,
                    version: fire.plan.recipe.version
                ),
                overlap: fire.trigger.overlap == .allow ? .allow : .skip
            )
        }
        let outcomes: [ClaimOutcome]
        do {
            outcomes = try await services.store.claim(requests)
        } catch {
            postpone(fires.map(\.key), error)
            return
        }
        for (fire, outcome) in zip(fires, outcomes) {
            watches[fire.key]?.didRecord(fire.time)
            switch outcome {
            case .claimed(let run):
                if fire.isOwed { watches[fire.key]?.didStartCatchUp(run.id, at: now) }
                var order = RunOrder(
                    run: run,
                    plan: fire.plan,
                    trigger: fire.trigger,
                    inputs: fire.plan.defaultInputs,
                    connections: connections
                )
                order.jitter = fire.jitter
                start(order)
            case .skipped(let run): services.observer.observe(.unserved(run))
            case .taken: break
            }
            requeue(fire.key)
        }
        // A run may have ended while the store wrote, and nobody else looks then.
        await fillSlots()
    }

    /// Records what was missed; only then is what is caught up claimed, so that records of one trigger are written in the order of its fire times.
    func record(_ catchUps: [(key: TriggerKey, catchUp: CatchUp)]) async {
        var rest = catchUps[...]
        while !rest.isEmpty {
            var records: [RunRecord] = []
            // Many triggers in one transaction, but not so many that others wait long for theirs.
            let part = rest.prefix { key, catchUp in
                guard records.count < CatchUp.recordLimit, let watch = watches[key] else { return records.isEmpty }
                records += catchUp.records(of: key, version: watch.plan.recipe.version)
                return true
            }
            rest = rest.dropFirst(part.count)
            do {
                try await services.store.record(records)
            } catch {
                postpone(part.map(\.key), error)
                continue
            }
            for (key, catchUp) in part {
                watches[key]?.didRecord(catchUp)
                requeue(key)
                if let summary = catchUp.summary(of: key) { services.observer.observe(.unserved(summary)) }
            }
        }
    }

    private func postpone(_ keys: [TriggerKey], _ error: StoreError) {
        services.observer.observe(.storeFailed(error))
        let moment = now + Self.storePause
        for key in keys { queue.set(key, to: moment) }
    }
}
