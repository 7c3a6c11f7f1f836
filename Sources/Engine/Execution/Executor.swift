public import CEL
public import Connections
public import Recipe
import Schedule
public import Store

/// Performs runs: the actions in order, then `on_success` or `on_failure`, then `finally`, and the end in one transaction.
///
/// One executor serves a whole process; it has no state of its own but the alarm for time limits.
public final class Executor: RunPerforming {
    /// What runs need from around them.
    ///
    /// A class, so that a run keeps one reference and not eight, which all cores would count up and down.
    final class Services: Sendable {
        let store: any Store
        let connections: ConnectionManager
        let redactor: Redactor
        let clock: any EngineClock
        let environment: Value
        let observer: any EngineObserver
        let deadlines: Deadlines
        /// Where relative paths of files begin, and where programs work: the workspace's directory.
        let directory: String
        /// What programs leave that are not run, in tests of recipes.
        let playback: (any ProgramPlayback)?

        init(
            store: any Store,
            connections: ConnectionManager,
            redactor: Redactor,
            clock: any EngineClock,
            environment: Value,
            observer: any EngineObserver,
            directory: String,
            playback: (any ProgramPlayback)?
        ) {
            self.store = store
            self.connections = connections
            self.redactor = redactor
            self.clock = clock
            self.environment = environment
            self.observer = observer
            deadlines = Deadlines(clock: clock)
            self.directory = directory
            self.playback = playback
        }
    }

    let services: Services

    /// An executor.
    ///
    /// - Parameters:
    ///   - environment: `env` in expressions: the variables that the workspace lets recipes read.
    ///   - directory: where relative paths of files begin, and where programs work: the workspace's directory.
    ///   - playback: answers in place of programs and of the file system; nil lets both be.
    public init(
        store: any Store,
        connections: ConnectionManager,
        redactor: Redactor,
        clock: any EngineClock,
        environment: Value,
        observer: any EngineObserver,
        directory: String = ".",
        playback: (any ProgramPlayback)? = nil
    ) {
        services = Services(
            store: store,
            connections: connections,
            redactor: redactor,
            clock: clock,
            environment: environment,
            observer: observer,
            directory: directory,
            playback: playback
        )
    }

    /// Begins a run in a task of its own; at its end, which is in the store then, calls `whenDone`.
    public func begin(_ order: RunOrder, handle: RunHandle, whenDone: @escaping @Sendable (RunResult) -> Void) {
        handle.begin {
            TaskMemory.reserve(TaskMemory.run)
            whenDone(await self.perform(order, handle))
        }
    }

    private func perform(_ order: RunOrder, _ handle: RunHandle) async -> RunResult {
        let start = services.clock.uptime()
        var done = order.terms.inherited
        if order.terms.beginning != .fresh {
            do {
                done = try await checkpoints(of: order)
            } catch {
                let context = RunContext(order: order, services: services, done: [], handle: handle)
                return await context.finish(.storeFailed(error), since: start)
            }
        }
        let context = begin(order, after: done, handle)
        let (ending, scope) = await context.performFirst()
        // What cancels the actions must not cancel what follows them.
        if Task.isCancelled { return await Task { await context.complete(ending, scope, since: start) }.value }
        return await context.complete(ending, scope, since: start)
    }

    /// What an earlier process left of a run that goes on.
    private func checkpoints(of order: RunOrder) async throws(StoreError) -> [ActionRecord] {
        let done = try await services.store.checkpoints(of: order.run.id)
        await Leftovers(of: order.run.id, in: done).end()
        return order.terms.beginning == .resume ? done : order.terms.inherited
    }

    // Not inlined: what it works with would stay in memory as long as the run.
    @inline(never)
    private func begin(_ order: RunOrder, after done: [ActionRecord], _ handle: RunHandle) -> RunContext {
        let context = RunContext(order: order, services: services, done: done, handle: handle)
        for record in order.terms.inherited { context.checkpoints.add(record) }
        context.report(.runStarted(order.run))
        return context
    }

    /// Acquires and renews the tokens of connections that the first actions use.
    public func prepare(_ plans: [RecipePlan], connections: [String: Connection]) {
        for session in sessions(neededAtOnceBy: plans, connections) { Task.detached { await session.prepare() } }
    }

    /// The sessions that runs of these recipes are sure to use first.
    func sessions(neededAtOnceBy plans: [RecipePlan], _ connections: [String: Connection]) -> [ConnectionSession] {
        var names: Set<String> = []
        var sessions: [ConnectionSession] = []
        for plan in plans {
            let connection: Connection?
            switch plan.firstConnection {
            case .named(let name, _) where names.insert(name).inserted: connection = connections[name]
            case .inline(let own) where names.insert(own.name).inserted: connection = own
            default: connection = nil
            }
            if let connection { sessions.append(services.connections.session(for: connection)) }
        }
        return sessions
    }
}

extension RunContext {
    /// The session that an action sends through: its own connection's, the recipe's, or the one of actions without any.
    func session(for step: Step?) throws(Exit) -> ConnectionSession {
        switch step?.action.connection ?? plan.recipe.connection {
        case nil: return services.connections.directSession
        case .inline(let connection): return services.connections.session(for: connection)
        case .named(let name, let place):
            guard let connection = order.connections[name] else {
                let message = "there is no connection `\(name)` any more"
                throw .failed(
                    RunError(action: step?.action.path, kind: .configuration, message: message, place: place)
                )
            }
            return services.connections.session(for: connection)
        }
    }
}
