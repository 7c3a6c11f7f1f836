import Recipe
import Schedule
import Store

/// A fire that is about to be claimed, with all that its run needs: a reload may change the watch meanwhile.
struct Fire: Sendable {
    let key: TriggerKey
    let time: Instant
    let cause: RunCause
    let plan: RecipePlan
    let trigger: Trigger
    let jitter: Duration
    /// When its run begins; nil: at once.
    var begin: Instant?
}

extension Scheduler {
    func fire(_ watch: Watch, _ time: Instant, isOwed: Bool, begin: Instant? = nil) -> Fire {
        Fire(
            key: watch.key,
            time: time,
            cause: isOwed ? .catchUp : .schedule,
            plan: watch.plan,
            trigger: watch.trigger,
            jitter: isOwed ? .zero : watch.jitter(of: time),
            begin: begin
        )
    }

    /// How long the scheduler waits before it asks a store again that refused.
    private static let storePause = Duration.seconds(1)

    /// Claims fires in one transaction and starts what was claimed.
    func claim(_ fires: [Fire]) async {
        let now = now
        let requests = fires.enumerated().map { position, fire in
            let hasSlot = fire.begin != nil || running.count + ahead.count + position < maxConcurrentRuns
            return ClaimRequest(
                run: RunRecord(
                    fire: FireKey(recipe: fire.key.recipe, trigger: fire.key.trigger, scheduledAt: fire.time),
                    status: hasSlot ? .running : .queued,
                    cause: fire.cause,
                    startedAt: hasSlot ? fire.begin ?? now : nil,
                    node: services.node,
                    version: fire.plan.recipe.version
                ),
                of: fire.trigger
            )
        }
        let outcomes: [ClaimOutcome]
        do {
            outcomes = try await services.store.claim(requests)
        } catch {
            postpone(fires.map(\.key), error)
            return
        }
        var isBlocked = false
        for (fire, outcome) in zip(fires, outcomes) {
            watches[fire.key]?.didRecord(fire.time)
            switch outcome {
            case .claimed(let run): start(run, of: fire, at: now)
            case .waiting(let run, let displacement):
                start(run, of: fire, at: now)
                displace(displacement)
                isBlocked = true
            case .skipped(let run):
                services.observer.observe(.unserved(run))
                isBlocked = true
            case .paused(let run): services.observer.observe(.unserved(run))
            case .taken: break
            }
            requeue(fire.key)
        }
        // What is in the way may be a dead node's, whose runs go on here.
        if isBlocked { await adoptQuietly() }
        // A run may have ended while the store wrote, and nobody else looks then.
        await fillSlots()
    }

    private func start(_ run: RunRecord, of fire: Fire, at moment: Instant) {
        if fire.cause == .catchUp { watches[fire.key]?.didStartCatchUp(run.id, at: moment) }
        let inputs = fire.plan.defaultInputs
        var terms = RunOrder.Terms()
        terms.jitter = fire.jitter
        let order = order(run, fire.plan, trigger: fire.trigger, inputs: inputs, terms: terms)
        start(order, at: fire.begin ?? moment)
    }

    /// Makes way for a fire that waits: runs of this node are cancelled here, those of others by their nodes.
    private func displace(_ displacement: Displacement) {
        for run in displacement.replaced { services.observer.observe(.unserved(run)) }
        for request in displacement.cancels { running[request.run]?.cancel(.request(reason: request.reason)) }
        if displacement.cancels.contains(where: { running[$0.run] == nil }) { services.store.notify() }
    }

    /// Decides what becomes of fire times that passed unserved, and does it.
    func catchUp(_ keys: [TriggerKey], at now: Instant) async {
        guard !keys.isEmpty else { return }
        let pauses: [String: [PauseRecord]]
        let progress: [TriggerProgress]
        do {
            // While this process was held up another may have served them.
            progress = try await services.store.progress(of: keys)
            for (key, known) in zip(keys, progress) { watches[key]?.didLearn(known.lastFire) }
            let oldest = keys.compactMap { watches[$0]?.last }.min()
            pauses = Dictionary(grouping: try await services.store.pauses(after: oldest), by: \.recipe)
        } catch {
            postpone(keys, error)
            return
        }
        await record(
            zip(keys, progress).compactMap { key, known in
                guard let watch = watches[key] else { return nil }
                let catchUp = CatchUp(
                    watch.trigger,
                    after: watch.last,
                    through: now,
                    pauses: pauses[key.recipe] ?? [],
                    ahead: known.ahead
                )
                return (key, catchUp)
            }
        )
    }

    /// Records what was missed; only then is what is caught up claimed, so that records of one trigger are written in the order of its fire times.
    private func record(_ catchUps: [(key: TriggerKey, catchUp: CatchUp)]) async {
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
                for summary in catchUp.summaries(of: key) { services.observer.observe(.unserved(summary)) }
            }
        }
    }

    private func postpone(_ keys: [TriggerKey], _ error: StoreError) {
        services.observer.observe(.storeFailed(error))
        let moment = now + Self.storePause
        for key in keys { queue.set(key, to: moment) }
    }
}

extension ClaimRequest {
    /// The wish to run a fire under its trigger's rule of overlap.
    init(run: RunRecord, of trigger: Trigger) {
        self.init(run: run, overlap: .skip)
        switch trigger.overlap {
        case .skip: break
        case .queueOne: overlap = .queueOne
        case .queue: overlap = .queue
        case .cancel: overlap = .cancel
        case .allow: overlap = .allow
        }
    }
}
