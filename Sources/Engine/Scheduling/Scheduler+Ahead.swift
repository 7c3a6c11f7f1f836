import Connections
import Recipe
import Schedule
import Store

/// A run that is claimed, and begins in a moment.
struct AheadRun: Sendable {
    /// When it begins, on the clock that nobody sets.
    let uptime: Duration
    let order: RunOrder
}

/// Claims are written shortly before their time, so that runs begin on it: to write one durably takes longer than all else.
extension Scheduler {
    /// So long before its time a fire is claimed, where nothing can happen in between that would decide otherwise.
    private static let lead = Duration.milliseconds(50)
    /// So many are: of more, the others could not begin on their time either.
    private static let aheadLimit = 128

    /// When a trigger that is due at a moment is looked at: early enough to claim its fire, or then when that has been tried.
    func look(for moment: Instant, at now: Instant) -> Instant {
        let early = moment - Self.lead
        return early > now ? early : moment
    }

    /// The fire that is due at a moment, when it can be claimed already: it has a slot, and no run of this node whose end would have to be awaited.
    ///
    /// - Parameter count: how many fires take their slots before it.
    func fireAhead(_ watch: Watch, due moment: Instant?, at now: Instant, after count: Int) -> Fire? {
        guard let moment, moment - now <= Self.lead, ahead.count + count < Self.aheadLimit,
            running.count + ahead.count + count < maxConcurrentRuns,
            watch.trigger.overlap == .allow || heldRuns[watch.key.recipe] == nil,
            case .start(let time, isOwed: false) = watch.step(at: moment)
        else { return nil }
        return fire(watch, time, isOwed: false, begin: moment)
    }

    /// Gets ready what the runs of fires that are claimed ahead would wait for.
    func prepare(_ fires: [Fire]) {
        let plans = fires.compactMap { $0.begin == nil ? nil : $0.plan }
        if !plans.isEmpty { services.performer.prepare(plans, connections: workspace.connections) }
    }

    /// Starts a claimed run when its time has come.
    func start(_ order: RunOrder, at begin: Instant) {
        let wait = begin - now
        guard wait > .zero else { return start(order) }
        count(order)
        // By a clock that is not set: a run that is claimed must not wait for an hour that comes again.
        let uptime = services.clock.uptime() + wait
        let isFirst = ahead.allSatisfy { uptime < $0.uptime }
        ahead.append(AheadRun(uptime: uptime, order: order))
        if isFirst { aheadAlarm?.set(.after(wait)) }
    }

    /// Starts the claimed runs whose time has come.
    func startAhead() {
        let uptime = services.clock.uptime()
        let due = ahead.filter { $0.uptime <= uptime }
        ahead.removeAll { $0.uptime <= uptime }
        for run in due { place(run.order) }
        if let next = ahead.map(\.uptime).min() { aheadAlarm?.set(.after(next - uptime)) }
        if ahead.isEmpty, !isAwake { resumeSleepWaiters() }
    }
}
