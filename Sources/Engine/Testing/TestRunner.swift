import CEL
import Connections
import Logging
public import Recipe
import Schedule
public import Store

/// Runs the tests of a recipe: nothing is sent, no program is run, and no time passes.
public struct TestRunner: Sendable {
    private let file: TestFile
    private let loader: WorkspaceLoader
    private let userAgent: String
    private let plan: RecipePlan?

    /// The longest test, in real time; only a run that never ends comes near.
    private static let limit = Duration.seconds(60)

    /// - Parameter userAgent: what requests say of their client.
    public init(_ file: TestFile, loader: WorkspaceLoader, userAgent: String) {
        self.file = file
        self.loader = loader
        self.userAgent = userAgent
        plan = file.recipe.map(RecipePlan.init)
    }

    /// Performs a test.
    ///
    /// Throws only where no store can be made in memory.
    public func run(_ test: RecipeTest) async throws(StoreError) -> TestOutcome {
        let begin = ContinuousClock.now
        var outcome = TestOutcome(test: test)
        guard let plan else { return outcome }
        let inputs: Value
        do {
            inputs = try plan.inputs(given: test.inputs)
        } catch {
            outcome.failures = [TestFailure(message: error.description, place: test.place)]
            return outcome
        }
        let store = try SQLiteStore.inMemory()
        let clock = TestClock(test.now) { store.isWriting }
        let handle = RunHandle()
        let stage = TestStage(test, clock: clock, handle: handle)
        let redactor = Redactor()
        let environment = Self.environment(test, file.workspace.settings)
        let connections = ConnectionManager(
            store: store,
            node: NodeID(),
            transport: HTTPTransport(userAgent: userAgent, interceptor: stage),
            secrets: SecretResolver(environment: [:], workspaceRoot: loader.root),
            redactor: redactor,
            environment: environment,
            clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            substitute: { $0.forTest(test.connections[$0.name] ?? ValueMap()) }
        )
        var configuration = EngineConfiguration(
            loader: loader,
            workspace: file.workspace,
            store: store,
            connections: connections,
            redactor: redactor,
            node: NodeID()
        )
        configuration.clock = clock
        configuration.environment = environment
        configuration.observer = stage
        configuration.playback = stage
        let engine = Engine(configuration)
        let watchdog = Task {
            do {
                try await Task.sleep(for: Self.limit)
                handle.cancel(.request(reason: "the test took longer than \(DurationText.format(Self.limit))"))
            } catch {
                // It has ended in time.
            }
        }
        defer { watchdog.cancel() }
        let result = try await Self.perform(test, plan, inputs: inputs, engine, handle)
        await connections.shutdown()
        if let error = result.storeError { throw error }
        let state = try await store.state(of: plan.recipe.name)?.value ?? .null
        outcome.failures = TestJudge(test: test, result: result, state: state, log: stage.log).failures()
        outcome.duration = begin.duration(to: .now)
        return outcome
    }

    /// `env` of a test: what the workspace lets recipes read, as the test sets it.
    private static func environment(_ test: RecipeTest, _ settings: WorkspaceSettings) -> Value {
        .map(ValueMap(settings.environmentNames.map { ($0, test.environment[$0].map(Value.string) ?? .null) }))
    }

    /// The run as a value of its own, with clock and chance that expressions read from the test's.
    private static func perform(
        _ test: RecipeTest,
        _ plan: RecipePlan,
        inputs: Value,
        _ engine: Engine,
        _ handle: RunHandle
    ) async throws(StoreError) -> RunResult {
        let clock = engine.configuration.clock
        let sources = FixedSources { clock.now() }
        let result = await FixedSources.$current.withValue(sources) { () async -> Result<RunResult, StoreError> in
            do throws(StoreError) {
                return .success(try await engine.rehearse(test, plan, inputs: inputs, handle))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

extension Engine {
    /// Performs the run of a test, on a store that is empty: with what the test says of earlier runs, and through its waits.
    func rehearse(
        _ test: RecipeTest,
        _ plan: RecipePlan,
        inputs: Value,
        _ handle: RunHandle
    ) async throws(StoreError) -> RunResult {
        let (store, node, clock) = (configuration.store, configuration.node, configuration.clock)
        let now = clock.now()
        let name = plan.recipe.name
        if !test.state.isNull {
            _ = try await store.changeState(of: name, .set(test.state), force: true, now: now)
        }
        if let moment = test.lastSuccessAt {
            let earlier = try await claim(
                plan,
                FireKey(recipe: name, trigger: TriggerName.once, scheduledAt: moment),
                inputs
            )
            let end = RunEnd(run: earlier.id, status: .succeeded, finishedAt: moment)
            try await store.finish(end, fence: earlier.fence)
        }
        let trigger = test.scheduledAt == nil ? nil : plan.recipe.triggers.first
        let fire = FireKey(
            recipe: name,
            trigger: trigger?.id ?? TriggerName.once,
            scheduledAt: test.scheduledAt ?? now
        )
        var terms = RunOrder.Terms()
        terms.callsHeartbeat = false
        // A run that waits for hours is not in memory, and its time limit does not go on: it is the same here.
        terms.canPark = clock is TestClock
        var order = RunOrder(
            run: try await claim(plan, fire, inputs),
            plan: plan,
            trigger: trigger,
            inputs: inputs,
            connections: configuration.workspace.connections,
            recipes: callablePlans,
            terms: terms
        )
        while true {
            let result = await executor.run(order, handle: handle)
            guard let until = result.parkedUntil, let clock = clock as? TestClock else { return result }
            clock.advance(to: until)
            guard let resumed = try await store.takeParked(due: until, limit: 1, node: node).first else {
                return result
            }
            (terms.beginning, terms.wasParked) = (.resume, true)
            order = order.with(run: resumed.run, terms: terms)
        }
    }

    private func claim(_ plan: RecipePlan, _ fire: FireKey, _ inputs: Value) async throws(StoreError) -> RunRecord {
        let now = configuration.clock.now()
        let run = RunRecord(
            fire: fire,
            status: .running,
            cause: fire.trigger == TriggerName.once ? .person : .schedule,
            startedAt: now,
            node: configuration.node,
            version: plan.recipe.version
        )
        let outcome = try await configuration.store.claim(
            ClaimRequest(run: run, overlap: .allow, inputs: inputs),
            by: NodeRecord.current(
                id: configuration.node,
                role: .single,
                leaseUntil: now + Scheduler.leaseTime
            ),
            source: plan.recipe.text,
            now: now
        )
        guard case .claimed(let claimed) = outcome else {
            throw .other(path: "", detail: "the run of a test could not be recorded")
        }
        return claimed
    }
}
