import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization

/// One run while it goes on: what its actions share.
final class RunContext: Sendable {
    let order: RunOrder
    let services: Executor.Services
    let checkpoints: Checkpoints
    /// When the run's time is over, on the clock's `uptime`.
    let deadline: Duration
    /// The moment of the first request, or of the first action where none sends any.
    private let firstEffect = Mutex<Instant?>(nil)

    init(order: RunOrder, services: Executor.Services, done: [ActionRecord]) {
        self.order = order
        self.services = services
        checkpoints = Checkpoints(store: services.store, fence: order.run.fence, done: done)
        deadline = services.clock.uptime() + order.plan.recipe.timeout
    }

    var recipe: Recipe { order.plan.recipe }
    var run: RunID { order.run.id }

    /// The time until the run's deadline.
    var remaining: Duration { deadline - services.clock.uptime() }

    /// Says that the run's first effect is now; later ones change nothing.
    func noteEffect() {
        let now = services.clock.now()
        firstEffect.withLock { if $0 == nil { $0 = now } }
    }

    /// From the fire time and its jitter to the first effect.
    var lateness: Duration? {
        guard let first = firstEffect.withLock({ $0 }) else { return nil }
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
