import CEL
import Connections
import DequeModule
import Recipe
import Schedule
import Store
import Synchronization

/// Starts runs at their fire times, and sees to it that every fire time ends in exactly one record (promise P1).
///
/// An actor on one serial queue, with one alarm for the earliest fire. Whatever happens (an alarm, a clock that was set, a machine that slept, changed
/// files, the end of a run) leads to the same `wake`: it asks every trigger that is due what is to be done, and does it.
actor Scheduler {
    /// What the scheduler works with.
    struct Services: Sendable {
        let store: any Store
        /// Reads recipes from the texts that interrupted runs began with.
        let loader: WorkspaceLoader
        let performer: any RunPerforming
        let clock: any EngineClock
        let node: NodeID
        let observer: any EngineObserver
    }

    let services: Services
    private nonisolated let executor = QueueExecutor(label: "runner.scheduler")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    // What is watched.
    var watches: [TriggerKey: Watch] = [:]
    var workspace: Workspace
    var plans: [String: RecipePlan] = [:]
    var queue = FireQueue<TriggerKey>()
    var chores = FireQueue<Chore>()
    private var alarm: (any Alarm)?
    private var clockWatch: (any ClockWatching)?
    /// How many alarms have rung that are not answered yet: what a test waits for before it moves its clock on.
    nonisolated let unanswered = Mutex(0)
    private var wakeState = WakeState.asleep
    /// Somebody has set the clock, perhaps back.
    var wasClockSet = false

    /// Runs whose time has come, and that wait in memory for a slot, the first one first.
    var line: Deque<RunOrder> = []
    /// How fast the line moves; nil while there is none.
    var queueing: Queueing?
    var lineAlarm: (any Alarm)?

    // What runs.
    var running: [RunID: RunHandle] = [:]
    var waiting = WaitingRuns()
    /// Why runs that this node holds, but has not begun, are to be cancelled.
    var pendingCancels: [RunID: String] = [:]
    /// The most runs at once since memory was given back.
    var peak = 0
    /// Runs that are claimed, and begin in a moment.
    var ahead: [AheadRun] = []
    var aheadAlarm: (any Alarm)?
    /// When the next of them begins, on the clock that nobody sets: what the alarm is set to.
    var nextAhead: Duration?
    /// How many runs of a recipe this node holds, waiting ones included: what catch-up waits for.
    ///
    /// Overlap is the store's to judge.
    var heldRuns: [String: Int] = [:]
    /// Parked runs that this node counts as held, and when they go on.
    var parked: [RunID: ParkedRun] = [:]
    /// When the next parked run goes on, as far as this node knows.
    var nextParked: Instant?
    /// Parked runs should go on, and there was no slot for them.
    var areParkedDue = false
    /// What people were told of, and is not over.
    var openAlarms: [AlarmKey: AlarmRecord] = [:]
    /// When a process first saw any trigger of a recipe of which successes are expected.
    var firstSeen: [String: Instant] = [:]
    /// Recipes whose success is not waited for while they are paused.
    var pausedExpectations: Set<String> = []
    /// Recipes whose backfill goes on, and when its next run may start.
    var backfills: [String: Instant] = [:]
    /// The removal of old history, while it goes on.
    var pruning: Task<Void, Never>?
    /// What has ended since.
    nonisolated let endedRuns = EndedRuns()
    /// Who waits for slots.
    var slotWaiter: SlotWaiter?
    var slotAlarm: (any Alarm)?
    /// Whether waiting runs are being started.
    var isFilling = false
    var leaseAlarm: (any Alarm)?
    /// Whether that alarm is set.
    var willRenewLease = false
    var leaseUntil: Instant?
    var isStopping = false
    var idleWaiters: [CheckedContinuation<Void, Never>] = []
    var sleepWaiters: [CheckedContinuation<Void, Never>] = []

    private enum WakeState { case asleep, awake, mustWakeAgain }

    init(services: Services, workspace: Workspace) {
        self.services = services
        self.workspace = workspace
    }

    var now: Instant { services.clock.now() }
    var maxConcurrentRuns: Int { workspace.settings.maxConcurrentRuns }

    /// Begins to listen to the clock.
    func begin() {
        alarm = services.clock.makeAlarm(answering { await $0.wake() })
        leaseAlarm = services.clock.makeAlarm(answering { await $0.leaseAlarmRang() })
        slotAlarm = services.clock.makeAlarm(answering { await $0.stopWaitingForSlots() })
        lineAlarm = services.clock.makeAlarm(answering { await $0.lookAtLine() })
        aheadAlarm = services.clock.makeAlarm(answering { await $0.startAhead() })
        clockWatch = services.clock.watchSteps(answering { await $0.clockStepped() })
    }

    /// What an alarm does that rings on any thread.
    private nonisolated func answering(_ answer: @escaping @Sendable (Scheduler) async -> Void) -> @Sendable () -> Void
    {
        { [weak self] in
            guard let self else { return }
            self.unanswered.withLock { $0 += 1 }
            Task {
                await answer(self)
                self.unanswered.withLock { $0 -= 1 }
            }
        }
    }

    private func clockStepped() async {
        services.observer.observe(.clockStepped)
        wasClockSet = true
        // A clock that is wrong by years must not cost the history at once.
        expectPruning()
        await lookAtZones()
        await wake()
    }

    /// Takes over what changed in the tz database: fire times follow from the last one by the new rules.
    ///
    /// Those that have passed by them are late, like any other.
    func lookAtZones() async {
        let changed = Zone.reloadDatabase()
        guard !changed.isEmpty else { return }
        let pool = TriggerPool()
        for key in watches.keys {
            if let trigger = watches[key]?.trigger { watches[key]?.trigger = trigger.refreshed(in: pool) }
            requeue(key)
        }
        services.observer.observe(.zonesChanged(changed, next: nextFire()))
        await wake()
    }

    /// The earliest moment at which a trigger is due.
    func nextFire() -> Instant? {
        guard let watch = queue.nextKey().flatMap({ watches[$0] }), case .wait(let moment?) = step(of: watch, at: now)
        else { return queue.next() }
        return moment
    }

    /// The earliest moment at which there is something to be done.
    func nextWake() -> Instant? { [queue.next(), chores.next()].compactMap { $0 }.min() }

    // MARK: Waking

    /// Does all that is due, and sets the alarm for the next moment.
    ///
    /// While one wake-up is at work, another only makes it look again.
    func wake() async {
        guard !isStopping, alarm != nil else { return }
        guard case .asleep = wakeState else {
            wakeState = .mustWakeAgain
            return
        }
        repeat {
            wakeState = .awake
            if wasClockSet {
                wasClockSet = false
                await takeBack()
            }
            await serveDue()
        } while wakeState == .mustWakeAgain && !isStopping
        wakeState = .asleep
        resumeSleepWaiters()
        if !isStopping { setAlarm() }
    }

    var isAwake: Bool { wakeState != .asleep }

    func resumeSleepWaiters() {
        for waiter in sleepWaiters { waiter.resume() }
        sleepWaiters.removeAll()
    }

    func setAlarm() {
        alarm?.set(nextWake().map { .at($0) })
    }

    func silenceAlarm() { alarm?.set(nil) }

    /// Asks the triggers that are due until none is.
    private func serveDue() async {
        while !isStopping {
            let now = now
            let due = queue.takeDue(now)
            let dueChores = chores.takeDue(now)
            guard !due.isEmpty || !dueChores.isEmpty else { return }
            var fires: [Fire] = []
            var late: [TriggerKey] = []
            for key in due {
                guard let watch = watches[key] else { continue }
                switch step(of: watch, at: now) {
                case .start(let time, let isOwed): fires.append(fire(watch, time, isOwed: isOwed))
                case .catchUp: late.append(key)
                case .wait(let moment):
                    if let fire = fireAhead(watch, due: moment, at: now, after: fires.count) {
                        fires.append(fire)
                    } else {
                        queue.set(key, to: moment.map { look(for: $0, at: now) })
                    }
                }
            }
            await catchUp(late, at: now)
            prepare(fires)
            await claimInParts(fires)
            for chore in dueChores {
                switch chore {
                case .backfill(let recipe): await continueBackfill(of: recipe)
                case .expectation(let recipe): await judgeSuccess(of: recipe)
                case .parked: await resumeParked()
                case .history: pruneHistory()
                case .memory: giveMemoryBack()
                }
            }
        }
    }

    /// What a trigger wants, unless another run of the recipe would be in the way of one that is caught up: it waits for that one, whatever becomes of
    /// live fires.
    private func step(of watch: Watch, at now: Instant) -> Watch.Step {
        let step = watch.step(at: now)
        guard case .start(_, isOwed: true) = step, watch.trigger.overlap != .allow, heldRuns[watch.key.recipe] != nil
        else { return step }
        return .wait(until: nil)
    }

    /// Puts a trigger back into the queue.
    func requeue(_ key: TriggerKey) {
        guard let watch = watches[key] else {
            queue.set(key, to: nil)
            return
        }
        switch step(of: watch, at: now) {
        case .start, .catchUp: queue.set(key, to: now)
        case .wait(let moment): queue.set(key, to: moment.map { look(for: $0, at: now) })
        }
    }
}
