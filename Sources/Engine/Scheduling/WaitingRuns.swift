import DequeModule
import Recipe
import Schedule
import Store

/// Claimed runs that wait for a slot or for their turn, and which of them is tried next.
///
/// A value: the scheduler asks it and acts. Recipes take turns, so that one with many waiting runs delays each of the others by one slot and no more.
struct WaitingRuns: Sendable {
    /// Runs that stand in line behind each other: those of one recipe, apart from those that heed no others.
    private struct Lane: Hashable {
        let recipe: String
        let rule: StartRule

        init(recipe: String, rule: StartRule) {
            self.recipe = recipe
            self.rule = rule
        }

        init(_ order: RunOrder) { self.init(recipe: order.run.fire.recipe, rule: order.startRule) }
    }

    /// What became of a run that was tried.
    enum Trial: Sendable {
        /// It runs.
        case started
        /// Another run is in its way.
        case mustWait
        /// It is not this node's any more, or has ended without running.
        case dropped
    }

    private var lanes: [Lane: Deque<RunOrder>] = [:]
    /// Lanes whose first run may be tried, in the order of their turns.
    private var ready: Deque<Lane> = []
    private var isReady: Set<Lane> = []
    /// Lanes whose first run is being tried; true when meanwhile something ended that may have been in its way.
    private var trials: [Lane: Bool] = [:]
    /// How many runs wait.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Lets a run wait.
    ///
    /// Those of a lane stand in the order of their fire times, in which the store gives them their turns.
    mutating func append(_ order: RunOrder) {
        let lane = Lane(order)
        // Before it nobody was in line, or it has overtaken who was.
        if insert(order, into: lane), trials[lane] == nil { makeReady(lane) }
    }

    /// True when it is the first one.
    private mutating func insert(_ order: RunOrder, into lane: Lane) -> Bool {
        var line = lanes[lane] ?? []
        var position = line.endIndex
        while position > line.startIndex, order.isDue(before: line[position - 1]) { position -= 1 }
        line.insert(order, at: position)
        lanes[lane] = line
        count += 1
        return position == line.startIndex
    }

    /// The run to try next; `settle` follows.
    mutating func takeNext() -> RunOrder? {
        guard let lane = ready.popFirst() else { return nil }
        isReady.remove(lane)
        guard let order = lanes[lane]?.popFirst() else { return nil }
        count -= 1
        if lanes[lane]?.isEmpty == true { lanes[lane] = nil }
        switch lane.rule {
        case .besideOthers: if lanes[lane] != nil { makeReady(lane) }
        // The next one would only be told to wait for this one.
        case .inTurn: trials[lane] = false
        }
        return order
    }

    /// Says what became of the run that `takeNext` gave.
    mutating func settle(_ order: RunOrder, _ trial: Trial) {
        let lane = Lane(order)
        let mayHaveChanged = trials.removeValue(forKey: lane) ?? false
        switch trial {
        // Its end lets the next one try.
        case .started: break
        case .dropped: if lanes[lane] != nil { makeReady(lane) }
        case .mustWait:
            // One that has come before it meanwhile may be what it has to wait for.
            let isFirst = insert(order, into: lane)
            if mayHaveChanged || !isFirst { makeReady(lane) }
        }
    }

    /// A run of the recipe has ended: the next may try.
    mutating func retry(_ recipe: String) {
        if lanes.isEmpty, trials.isEmpty { return }
        retry(Lane(recipe: recipe, rule: .inTurn))
    }

    /// Something has changed elsewhere: everybody may try.
    mutating func retryAll() {
        for lane in Array(lanes.keys) + Array(trials.keys) where lane.rule == .inTurn { retry(lane) }
    }

    /// Takes all of them out.
    mutating func removeAll() -> [RunOrder] {
        defer { self = WaitingRuns() }
        return lanes.values.flatMap { $0 }
    }

    private mutating func retry(_ lane: Lane) {
        if trials[lane] != nil {
            trials[lane] = true
        } else if lanes[lane] != nil {
            makeReady(lane)
        }
    }

    private mutating func makeReady(_ lane: Lane) {
        if isReady.insert(lane).inserted { ready.append(lane) }
    }
}

extension RunOrder {
    /// Whether it waits for other runs of its recipe.
    var startRule: StartRule {
        // A run that a person asked for starts beside others.
        // A backfill is late by intention.
        guard run.cause != .backfill, let trigger, trigger.overlap != .allow else { return .besideOthers }
        return .inTurn
    }

    /// Why it is too late to start a run that only waited so far; nil when it is not.
    func lateReason(at now: Instant) -> String? {
        guard let trigger, trigger.isTooLate(run.fire.scheduledAt + terms.jitter, at: now) else { return nil }
        return trigger.lateReason
    }

    fileprivate func isDue(before other: RunOrder) -> Bool {
        (run.fire.scheduledAt, run.id) < (other.run.fire.scheduledAt, other.run.id)
    }
}
