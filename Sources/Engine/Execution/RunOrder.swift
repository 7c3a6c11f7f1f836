public import CEL
public import Recipe
public import Schedule
public import Store

/// What the executor is told to run: a claimed run and all that belongs to it.
///
/// A class, and never changed: the scheduler, the executor and what waits for the end have the same one, of which a copy would count a dozen references each time.
public final class RunOrder: Sendable {
    /// Where it begins.
    public enum Beginning: Sendable, Hashable {
        /// With the first action.
        case fresh
        /// After the last checkpoint.
        case resume
        /// With the first action, although it was begun before.
        case restart
        /// Not at all: `on_interrupt: fail`. Only `on_failure` and `finally` are done.
        case fail(reason: String)
    }

    /// What is special about a run.
    public struct Terms: Sendable {
        /// Where it begins.
        public var beginning: Beginning
        /// Whether it may leave memory while it waits: somebody takes it up again then.
        public var canPark = false
        /// It was parked, and goes on with its wait.
        public var wasParked = false
        /// What a run that repeats another takes over from it: checkpoints, under its own id.
        public var inherited: [ActionRecord] = []
        /// How much later than the fire time it was meant to start.
        public var jitter = Duration.zero
        /// Whether a successful run commits its `state`.
        public var commitsState = true
        /// Whether a successful run calls the recipe's `heartbeat`.
        public var callsHeartbeat = true

        /// A run that ends in this process, commits its state and calls the heartbeat.
        public init(beginning: Beginning = .fresh) { self.beginning = beginning }
    }

    /// The run as the store has it, claimed for this node.
    public let run: RunRecord
    /// What is run.
    public let plan: RecipePlan
    /// The trigger that asked for it; nil for a run that a person started.
    public let trigger: Trigger?
    /// `inputs` in expressions, complete.
    public let inputs: Value
    /// The workspace's connections by name, as they are now.
    public let connections: [String: Connection]
    /// The recipes that it may call, by name, as they are now.
    public let recipes: [String: RecipePlan]
    /// What is special about it.
    public let terms: Terms

    /// An order; run, plan, inputs and connections have no default.
    public init(
        run: RunRecord,
        plan: RecipePlan,
        trigger: Trigger? = nil,
        inputs: Value,
        connections: [String: Connection],
        recipes: [String: RecipePlan] = [:],
        terms: Terms = Terms()
    ) {
        self.run = run
        self.plan = plan
        self.trigger = trigger
        self.inputs = inputs
        self.connections = connections
        self.recipes = recipes
        self.terms = terms
    }

    /// The same order, but for what is given here.
    func with(
        run: RunRecord? = nil,
        plan: RecipePlan? = nil,
        inputs: Value? = nil,
        connections: [String: Connection]? = nil,
        recipes: [String: RecipePlan]? = nil,
        terms: Terms? = nil
    ) -> RunOrder {
        RunOrder(
            run: run ?? self.run,
            plan: plan ?? self.plan,
            trigger: trigger,
            inputs: inputs ?? self.inputs,
            connections: connections ?? self.connections,
            recipes: recipes ?? self.recipes,
            terms: terms ?? self.terms
        )
    }
}

/// How a run ended.
public struct RunResult: Sendable {
    /// The run.
    public var run: RunID
    /// How it ended; `running` when it was parked.
    public var status: RunStatus
    /// Why, for people; redacted.
    public var reason: String?
    /// What it gave; nil when it did not succeed.
    public var output: Value?
    /// What it failed of.
    public var error: RunError?
    /// It has not ended, but waits in the store until this moment.
    public var parkedUntil: Instant?
    /// The store did not take the end: what it holds of the run is older than this.
    public var storeError: StoreError?
    /// How long it took.
    public var duration: Duration
    /// From the fire time and its jitter to the first effect; nil where it is not measured.
    public var lateness: Duration?
}

/// Performs runs; the scheduler's tests give another one than `Executor`.
public protocol RunPerforming: Sendable {
    /// Begins a run in a task of its own, which `handle` cancels; at its end, which is in the store then, calls `whenDone`.
    func begin(_ order: RunOrder, handle: RunHandle, whenDone: @escaping @Sendable (RunResult) -> Void)

    /// Runs of these recipes begin in a moment: begins to get ready what they would wait for, and returns at once.
    ///
    /// What comes to nothing is said by the run that needs it.
    func prepare(_ plans: [RecipePlan], connections: [String: Connection])
}

extension RunPerforming {
    /// Runs until the end, which is in the store when this returns.
    ///
    /// `handle` cancels it.
    public func run(_ order: RunOrder, handle: RunHandle) async -> RunResult {
        await withCheckedContinuation { continuation in
            begin(order, handle: handle) { continuation.resume(returning: $0) }
        }
    }
}
