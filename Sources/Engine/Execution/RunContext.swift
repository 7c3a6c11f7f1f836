import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization

/// One run while it goes on, or the part of it that is a called recipe: what its actions share.
final class RunContext: Sendable {
    let order: RunOrder
    let plan: RecipePlan
    let services: Executor.Services
    let checkpoints: Checkpoints
    /// The way in which the run is cancelled.
    let handle: RunHandle
    /// When the run's time, or that of the called recipe, is over, on the clock's `uptime`.
    let deadline: Duration
    /// Items of a `foreach` with `dedupe`.
    let ledger = Mutex(ItemLedger())
    /// Where the actions of a called recipe are in the run; the very beginning for the run's own.
    let base: Position
    /// What precedes the paths of a called recipe's actions, with the slash at its end; empty for the run's own.
    let prefix: String
    /// How many calls lie between the run's recipe and this one.
    let depth: Int
    /// A recipe on the way to this one asks for `delivery: at_most_once`.
    private let isCalledStrictly: Bool
    private let beginnings: Beginnings

    /// A run.
    init(order: RunOrder, services: Executor.Services, done: [ActionRecord], handle: RunHandle) {
        self.order = order
        plan = order.plan
        self.services = services
        for secret in InputDefinition.secrets(among: plan.recipe.inputs, in: order.inputs) {
            services.redactor.add(secret)
        }
        // Their process may have known more secrets than this one.
        for record in done { services.redactor.add(record.secrets, foundIn: order.run.fire.recipe) }
        checkpoints = Checkpoints(
            store: services.store,
            redactor: services.redactor,
            fence: order.run.fence,
            done: done
        )
        self.handle = handle
        deadline = services.clock.uptime() + (order.plan.recipe.timeout - order.run.spent)
        base = Position(canPark: order.terms.canPark)
        prefix = ""
        depth = 0
        isCalledStrictly = false
        beginnings = Beginnings()
    }

    /// A recipe as a part of the run of another one: with variables, a connection and a time limit of its own, and with the run's checkpoints.
    init(_ plan: RecipePlan, inputs: Value, calledBy performance: Performance) {
        let caller = performance.run
        var terms = caller.order.terms
        terms.commitsState = false
        // Its time and its variables are its own, and nobody keeps them while a run is parked.
        terms.canPark = false
        order = caller.order.with(plan: plan, inputs: inputs, terms: terms)
        self.plan = plan
        services = caller.services
        checkpoints = caller.checkpoints
        handle = caller.handle
        deadline = min(caller.deadline, services.clock.uptime() + plan.recipe.timeout)
        var base = performance.position
        base.canPark = false
        self.base = base
        prefix = performance.key.path + "/"
        depth = caller.depth + 1
        isCalledStrictly = caller.delivery == .atMostOnce
        beginnings = caller.beginnings
    }

    /// The actions after those of a context: they have as much time again, and are not halted by what halted those.
    init(after context: RunContext) {
        order = context.order
        plan = context.plan
        services = context.services
        checkpoints = context.checkpoints
        handle = context.handle
        deadline = services.clock.uptime() + plan.recipe.timeout
        var base = context.base
        base.halt = nil
        base.canPark = false
        self.base = base
        prefix = context.prefix
        depth = context.depth
        isCalledStrictly = context.isCalledStrictly
        beginnings = context.beginnings
    }

    var run: RunID { order.run.id }

    /// What `vars` and `state` were when the run began, for the time after it is parked.
    let beginning = Mutex<Value?>(nil)

    /// The time until the run's deadline.
    var remaining: Duration { deadline - services.clock.uptime() }

    /// Says that the run's first effect is now; later ones change nothing.
    func noteEffect() {
        let now = services.clock.now()
        beginnings.moments.withLock { if $0.effect == nil { $0.effect = now } }
    }

    /// Says that an action begins; later ones than the first change nothing.
    func noteAction(at moment: Instant) {
        beginnings.moments.withLock { if $0.action == nil { $0.action = moment } }
    }

    /// From the fire time and its jitter to the first request, or to the first action where none sends any.
    ///
    /// Nil for a backfill, which is late by intention, and after a parking, when it is known. Of a run that goes on it is that of its first beginning.
    var lateness: Duration? {
        guard order.run.cause != .backfill, !order.terms.wasParked else { return nil }
        let isFresh = order.terms.beginning == .fresh
        if !isFresh, let known = order.run.lateness { return known }
        let first = isFresh ? beginnings.moments.withLock { $0.effect ?? $0.action } : order.run.startedAt
        return first.map { $0 - (order.run.fire.scheduledAt + order.terms.jitter) }
    }

    /// Text as it may leave the process.
    func redact(_ text: String) -> String { services.redactor.redact(text) }

    func redact(_ error: RunError) -> RunError {
        var error = error
        error.message = redact(error.message)
        return error
    }

    func report(_ event: EngineEvent) { services.observer.observe(event) }

    /// The path of an action in the run.
    func path(of step: Step) -> String { prefix.isEmpty ? step.action.path : prefix + step.action.path }

    /// Whether an action that was in flight when the process died may be done again; a recipe that is called is not more daring than its caller.
    var delivery: Delivery { isCalledStrictly ? .atMostOnce : plan.recipe.delivery }
}

/// When the first action and the first effect of a run began.
private final class Beginnings: Sendable {
    let moments = Mutex<(action: Instant?, effect: Instant?)>((nil, nil))
}
