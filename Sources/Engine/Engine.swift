public import CEL
import CLinux
public import Connections
public import Recipe
import Schedule
public import Store
import YAML

/// What an engine works with.
public struct EngineConfiguration: Sendable {
    /// Reads the workspace again when its files change, and recipes from the texts that interrupted runs began with.
    public var loader: WorkspaceLoader
    /// The workspace as it was loaded.
    public var workspace: Workspace
    /// Where everything is recorded.
    public var store: any Store
    /// The sessions of the connections.
    public var connections: ConnectionManager
    /// Knows the secrets.
    public var redactor: Redactor
    /// `env` in expressions.
    public var environment = Value.map([:])
    /// This process.
    public var node: NodeID
    /// Time; tests give a manual one.
    public var clock: any EngineClock = SystemEngineClock()
    /// Who is told of events.
    public var observer: any EngineObserver = SilentObserver()
    /// Answers in place of programs and of the file system, in tests of recipes.
    public var playback: (any ProgramPlayback)?
    /// Whether changed files take effect while it runs.
    public var watchesFiles = true

    /// A configuration with the machine's clock and nobody who observes.
    public init(
        loader: WorkspaceLoader,
        workspace: Workspace,
        store: any Store,
        connections: ConnectionManager,
        redactor: Redactor,
        node: NodeID
    ) {
        self.loader = loader
        self.workspace = workspace
        self.store = store
        self.connections = connections
        self.redactor = redactor
        self.node = node
    }
}

/// Runs recipes: `run` is the whole of `runner start`, `once` that of `runner once`.
public final class Engine: Sendable {
    let configuration: EngineConfiguration
    let executor: Executor

    /// An engine; it does nothing yet.
    public init(_ configuration: EngineConfiguration) {
        self.configuration = configuration
        executor = Executor(
            store: configuration.store,
            connections: configuration.connections,
            redactor: configuration.redactor,
            clock: configuration.clock,
            environment: configuration.environment,
            observer: configuration.observer,
            directory: configuration.loader.root,
            playback: configuration.playback
        )
    }

    /// Schedules the workspace's recipes until the task is cancelled; then runs have the workspace's `shutdown_grace` to end.
    ///
    /// Takes up what dead processes left, catches up what was missed, and follows changes of the files. Throws only when the store refuses at the
    /// start; later it is asked again.
    public func run() async throws(StoreError) {
        let configuration = configuration
        let (store, clock, node) = (configuration.store, configuration.clock, configuration.node)
        let now = clock.now()
        try await store.register(NodeRecord.current(id: node, leaseUntil: now + Scheduler.leaseTime), now: now)
        let scheduler = Scheduler(
            services: Scheduler.Services(
                store: store,
                loader: configuration.loader,
                performer: executor,
                clock: clock,
                node: node,
                observer: configuration.observer
            ),
            workspace: configuration.workspace
        )
        await scheduler.begin()
        // Nobody calls in vain from here on.
        let wakeups = store.notifications()
        // Files that change while the workspace is taken over must not go unseen.
        let watcher = configuration.watchesFiles ? FileWatcher() : nil
        _ = watcher?.watch(directories())
        let zoneWatcher = configuration.watchesFiles ? FileWatcher(.everything) : nil
        _ = zoneWatcher?.watch(ZoneFiles.directories())
        let workspace = configuration.workspace
        try await scheduler.load(workspace)
        try await scheduler.recover()
        try await scheduler.watchTriggers(isStart: true)
        configuration.observer.observe(
            .ready(triggers: await scheduler.watches.count, next: await scheduler.nextFire())
        )
        // Loading leaves holes all over the heap that an idle process would keep; what runs leave is for the next.
        Task.detached(priority: .background) {
            clinux_release_free_memory()
            clinux_keep_free_memory()
        }
        await configuration.connections.keepAlive(workspace.connections.values)
        let grace = await withTaskGroup(of: Duration?.self) { group in
            group.addTask { await self.follow(watcher, scheduler) }
            group.addTask {
                await self.listen(wakeups, scheduler)
                return nil
            }
            group.addTask {
                let changes = zoneWatcher?.changes ?? AsyncStream { _ in }
                for await _ in changes { await scheduler.lookAtZones() }
                return nil
            }
            var grace = workspace.settings.shutdownGrace
            for await end in group { grace = end ?? grace }
            return grace
        }
        await scheduler.stop(grace: grace)
        await scheduler.pruning?.value
        do {
            try await store.unregister(node)
        } catch {
            // The process ends; others see that it is dead.
            configuration.observer.observe(.storeFailed(error))
        }
    }

    /// Waits for the end, and takes over changed files meanwhile.
    ///
    /// Gives the grace that is in force at the end.
    private func follow(_ watcher: FileWatcher?, _ scheduler: Scheduler) async -> Duration {
        var workspace = configuration.workspace
        let changes = watcher?.changes ?? AsyncStream { _ in }
        for await _ in changes {
            repeat { workspace = await reload(over: workspace, scheduler) } while watcher?.watch(directories()) == true
        }
        return workspace.settings.shutdownGrace
    }

    /// Looks around whenever another process says that there is something for this one.
    private func listen(_ wakeups: AsyncStream<Void>, _ scheduler: Scheduler) async {
        for await _ in wakeups {
            await scheduler.lookAround()
            // Many calls in a short time are answered by few looks; when the task is cancelled, the stream ends too.
            try? await configuration.clock.sleep(for: Self.betweenLooks)
        }
    }

    private static let betweenLooks = Duration.milliseconds(50)

    private func directories() -> [String] {
        let root = configuration.loader.root
        return WorkspaceFiles(root: root).directories.map { $0.isEmpty ? root : root + "/" + $0 }
    }
}

extension Engine {
    /// Reads the workspace again, and takes over what is valid of it.
    private func reload(over old: Workspace, _ scheduler: Scheduler) async -> Workspace {
        let loader = configuration.loader
        // Off the scheduler's queue: fires that are due must not wait for parsing.
        let new = await Task.detached { loader.load() }.value
        let merge = WorkspaceMerge(new, over: old)
        let observer = configuration.observer
        if !merge.rejected.isEmpty { observer.observe(.rejected(merge.rejected, sources: new.sources)) }
        do {
            try await scheduler.load(merge.workspace)
            try await scheduler.watchTriggers(isStart: false)
        } catch {
            observer.observe(.storeFailed(error))
            return old
        }
        await configuration.connections.keepAlive(merge.workspace.connections.values)
        if !merge.isEmpty {
            observer.observe(.reloaded(added: merge.added, changed: merge.changed, removed: merge.removed))
        }
        return merge.workspace
    }

    /// Runs a recipe now, whatever its triggers and rules of overlap say (DESIGN section 10).
    ///
    /// - Parameters:
    ///   - inputs: as `RecipePlan.inputs(given:)` makes them.
    ///   - commitsState: whether a successful run leaves its cursor.
    ///   - repeating: the run that this one repeats, and what it takes over from it.
    ///   - handle: the way to cancel it.
    public func once(
        _ plan: RecipePlan,
        inputs: Value,
        commitsState: Bool = true,
        repeating: Repetition? = nil,
        handle: RunHandle = RunHandle()
    ) async throws(StoreError) -> RunResult {
        let (store, node) = (configuration.store, configuration.node)
        let now = configuration.clock.now()
        let recipe = plan.recipe
        let run = RunRecord(
            fire: FireKey(recipe: recipe.name, trigger: TriggerName.once, scheduledAt: now),
            status: .running,
            cause: .person,
            startedAt: now,
            node: node,
            version: recipe.version,
            origin: repeating?.origin
        )
        let outcome = try await store.claim(
            ClaimRequest(run: run, overlap: .allow, inputs: inputs),
            by: NodeRecord.current(id: node, role: .single, leaseUntil: now + Scheduler.leaseTime),
            source: recipe.text,
            now: now
        )
        guard case .claimed(let claimed) = outcome else {
            // Only another run in the same microsecond could have taken it.
            throw .other(path: "", detail: "the run could not be recorded; try again")
        }
        var terms = RunOrder.Terms()
        terms.commitsState = commitsState
        // A watcher outside waits for what runs on time, not for a try by hand.
        terms.callsHeartbeat = false
        terms.inherited = repeating?.records(for: claimed.id) ?? []
        let order = RunOrder(
            run: claimed,
            plan: plan,
            inputs: inputs,
            connections: configuration.workspace.connections,
            recipes: callablePlans,
            terms: terms
        )
        return await perform(order, handle)
    }

    /// What an ad-hoc run may call; a recipe that calls none is loaded alone.
    var callablePlans: [String: RecipePlan] {
        let recipes = configuration.workspace.recipes
        return recipes.count > 1 ? recipes.mapValues(RecipePlan.init) : [:]
    }

    /// Performs a run of this process alone, and lets others cancel it.
    func perform(_ order: RunOrder, _ handle: RunHandle) async -> RunResult {
        let listener = Task { await self.listenForCancel(of: order.run.id, handle) }
        defer { listener.cancel() }
        return await executor.run(order, handle: handle)
    }

    private func listenForCancel(of run: RunID, _ handle: RunHandle) async {
        // Most runs are over before anybody could ask, and must not pay for it.
        do {
            try await Task.sleep(for: Self.beforeListening)
        } catch {
            return
        }
        let (store, node) = (configuration.store, configuration.node)
        let wakeups = store.notifications()
        var iterator = wakeups.makeAsyncIterator()
        repeat {
            do {
                let requests = try await store.cancelRequests(of: node)
                if let request = requests.first(where: { $0.run == run }) {
                    return handle.cancel(.request(reason: request.reason))
                }
            } catch {
                configuration.observer.observe(.storeFailed(error))
            }
        } while await iterator.next() != nil
    }

    private static let beforeListening = Duration.milliseconds(200)
}
