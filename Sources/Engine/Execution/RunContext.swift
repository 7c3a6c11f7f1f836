import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization

/// One run while it goes on: what its actions share.
final class RunContext: Sendable {
    let order: RunOrder
    let plan: RecipePlan
    let services: Executor.Services
    let checkpoints: Checkpoints
    /// When the run's time is over, on the clock's `uptime`.
    let deadline: Duration
    /// Items of a `foreach` with `dedupe`.
    let ledger = Mutex(ItemLedger())
    private let beginnings = Mutex<(action: Instant?, effect: Instant?)>((nil, nil))

    init(order: RunOrder, services: Executor.Services, done: [ActionRecord]) {
        self.order = order
        plan = order.plan
        self.services = services
        for secret in InputDefinition.secrets(among: plan.recipe.inputs, in: order.inputs) {
            services.redactor.add(secret)
        }
        checkpoints = Checkpoints(store: services.store, fence: order.run.fence, done: done)
        deadline = services.clock.uptime() + (order.plan.recipe.timeout - order.run.spent)
    }

    var run: RunID { order.run.id }

    /// What `vars` and `state` were when the run began, for the time after it is parked.
    let beginning = Mutex<Value?>(nil)

    /// The time until the run's deadline.
    var remaining: Duration { deadline - services.clock.uptime() }

    /// Says that the run's first effect is now; later ones change nothing.
    func noteEffect() {
        let now = services.clock.now()
        beginnings.withLock { if $0.effect == nil { $0.effect = now } }
    }

    /// Says that an action begins; later ones than the first change nothing.
    func noteAction(at moment: Instant) {
        beginnings.withLock { if $0.action == nil { $0.action = moment } }
    }

    /// From the fire time and its jitter to the first request, or to the first action where none sends any.
    ///
    /// Nil for a backfill, which is late by intention, and after a parking, when it is known.
    var lateness: Duration? {
        guard order.run.cause != .backfill, !order.wasParked,
            let first = beginnings.withLock({ $0.effect ?? $0.action })
        else {
            return nil
        }
        return first - (order.run.fire.scheduledAt + order.jitter)
    }

    /// Text as it may leave the process.
    func redact(_ text: String) -> String { services.redactor.redact(text) }

    func redact(_ error: RunError) -> RunError {
        var error = error
        error.message = redact(error.message)
        return error
    }

    func report(_ event: EngineEvent) { services.observer.observe(event) }
}
