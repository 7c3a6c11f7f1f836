import CEL
import Connections
import Recipe
import Schedule
public import Store

/// What a run takes over from the one that it repeats.
public struct Repetition: Sendable {
    /// The run that is repeated.
    public var origin: RunID
    /// Checkpoints of it, which are not done again.
    public var checkpoints: [ActionRecord]

    /// A repetition; without checkpoints everything is done again.
    public init(of origin: RunID, checkpoints: [ActionRecord] = []) {
        self.origin = origin
        self.checkpoints = checkpoints
    }

    func records(for run: RunID) -> [ActionRecord] {
        checkpoints.map { record in
            var record = record
            record.run = run
            return record
        }
    }
}

extension Engine {
    /// The recipe as it was when a run began, with the present connections; nil when its text is not kept, or is no valid recipe any more.
    public func plan(of run: RunRecord) async throws(StoreError) -> RecipePlan? {
        guard let version = run.version, let text = try await configuration.store.version(version) else { return nil }
        return configuration.loader.recipe(fromVersion: text, of: run.fire.recipe, in: configuration.workspace)
            .map(RecipePlan.init)
    }

    /// Why a run cannot go on, in half a sentence; nil when it can.
    public func obstacle(toResuming run: RunRecord) async throws(StoreError) -> String? {
        switch run.status {
        case .interrupted, .failed, .timedOut, .cancelled: return nil
        case .succeeded: return "it has succeeded; `runner rerun \(run.id)` does it again"
        case .queued: return "it has not begun; a `runner start` begins it, and `runner cancel \(run.id)` ends it"
        case .skipped, .missed, .paused:
            return "it was never begun; `runner backfill \(run.fire.recipe)` runs past fire times"
        case .running:
            let now = configuration.clock.now()
            let orphans = try await configuration.store.orphans(now: now) { $0.isAlive(now: now) }
            return orphans.contains { $0.id == run.id } ? nil : "it is under way; `runner cancel \(run.id)` ends it"
        }
    }

    /// Lets a run go on after its last checkpoint, in this process: what failed is done again, and what follows the end of a run as well.
    ///
    /// - Parameters:
    ///   - detail: the run as it was found.
    ///   - commitsState: whether a successful run leaves its cursor.
    ///   - redoesUnknown: whether actions are done again of which nobody knows whether they took effect.
    /// - Returns: nil when somebody else has taken the run meanwhile.
    public func resume(
        _ detail: RunDetail,
        _ plan: RecipePlan,
        commitsState: Bool,
        redoesUnknown: Bool,
        handle: RunHandle
    ) async throws(StoreError) -> RunResult? {
        let (store, node, run) = (configuration.store, configuration.node, detail.run)
        let now = configuration.clock.now()
        let forgotten = detail.actions.filter { record in
            plan.isAfterwards(record.path) || plan.endsRun(record) || redoesUnknown && record.isOpen
        }
        try await store.register(
            NodeRecord.current(id: node, role: .single, leaseUntil: now + Scheduler.leaseTime),
            now: now
        )
        let reopening = Reopening(
            run: run.id,
            fence: run.fence,
            node: node,
            now: now,
            forgotten: forgotten.map { Reopening.Action(path: $0.path, index: $0.index) }
        )
        guard let reopened = try await store.reopen(reopening) else { return nil }
        // What is forgotten the run itself will not find.
        await Leftovers(of: run.id, in: detail.actions).end()
        var terms = RunOrder.Terms(beginning: .resume)
        terms.commitsState = commitsState
        terms.callsHeartbeat = false
        let order = RunOrder(
            run: reopened,
            plan: plan,
            trigger: plan.trigger(of: reopened),
            inputs: detail.inputs ?? plan.defaultInputs,
            connections: configuration.workspace.connections,
            recipes: callablePlans,
            terms: terms
        )
        let result = await perform(order, handle)
        // Others may wait for its end.
        store.notify()
        return result
    }

    /// Whether a run that ended later, and succeeded, has left a newer cursor than this one would.
    public func hasSuccessor(_ run: RunRecord) async throws(StoreError) -> Bool {
        let query = RunQuery(recipe: run.fire.recipe, statuses: [.succeeded], limit: 1)
        guard let last = try await configuration.store.runs(query).first else { return false }
        return last.fire.scheduledAt > run.fire.scheduledAt
    }
}

extension RunRecord {
    /// Whether `runner cancel` ends it: it is live, or would go on by itself.
    public var isCancellable: Bool { status.isLive || status == .interrupted && reason == Interruption.shutdown }
}

extension RecipePlan {
    /// The records of a run that one which repeats it from an action on takes over: of the actions before that one, without what must be done again.
    ///
    /// - Parameter name: the id of an action of the first level, or its path; nil is returned when there is none.
    public func checkpoints(of actions: [ActionRecord], before name: String) -> [ActionRecord]? {
        guard let position = recipe.actions.firstIndex(where: { $0.id == name || $0.path == name }) else { return nil }
        let before = recipe.actions[..<position].map(\.path)
        return actions.filter { record in
            record.status != .started && !endsRun(record) && before.contains { record.path.isAt($0) }
        }
    }

    /// The names by which `checkpoints(of:before:)` knows actions.
    public var actionNames: [String] { recipe.actions.map { $0.id ?? $0.path } }

    /// Whether nobody can know if an action took effect, so that a run which goes on by itself ends there.
    public func hasUnknownOutcome(_ record: ActionRecord) -> Bool {
        guard record.isOpen else { return false }
        let action = recipe.actions.lazy.flatMap(\.all).first {
            record.path == $0.path || record.path == ActionKey.pages(of: $0.path)
        }
        return recipe.delivery == .atMostOnce || !(action?.isRepeatable ?? true)
    }

    /// Whether an action belongs to what follows the end of a run.
    fileprivate func isAfterwards(_ path: String) -> Bool {
        if (recipe.onSuccess + recipe.onFailure + recipe.finally).contains(where: { path.isAt($0.path) }) {
            return true
        }
        // Of a called recipe as well.
        let calls = recipe.actions.lazy.flatMap(\.all).filter { if case .call = $0.verb { true } else { false } }
        return calls.contains { call in
            guard path.hasPrefix(call.path + "/") else { return false }
            return path.dropFirst(call.path.count).split(separator: "/").contains { Self.sequels.contains($0) }
        }
    }

    private static let sequels: Set<Substring> = ["on_success", "on_failure", "finally"]

    /// Whether an action has failed, and nothing around it goes on after that.
    fileprivate func endsRun(_ record: ActionRecord) -> Bool {
        guard record.status == .failed else { return false }
        return !recipe.actions.lazy.flatMap(\.catching).contains { catching in
            record.path.isAt(catching) && !record.path.isAt("\(catching)/on_error")
        }
    }
}

extension Action {
    /// This action and all inside it.
    fileprivate var all: [Action] {
        var actions = [self] + verb.branches.joined().flatMap(\.all)
        if case .handle(let handlers) = onError { actions += handlers.flatMap(\.all) }
        return actions
    }

    /// The paths of the actions, from this one inwards, whose failure does not end the run.
    fileprivate var catching: [String] {
        var paths = verb.branches.joined().flatMap(\.catching)
        switch onError {
        case .fail: break
        case .proceed: paths.append(path)
        case .handle(let handlers):
            paths.append(path)
            paths += handlers.flatMap(\.catching)
        }
        return paths
    }
}

extension ActionRecord {
    /// Whether it only says that something is under way, with a program or without; a page that is worked on has its items.
    fileprivate var isOpen: Bool { status == .started && (result == nil || result?["pid"] != nil) }
}

extension String {
    /// Whether this path is that of an action, or of one inside it.
    fileprivate func isAt(_ path: String) -> Bool { self == path || hasPrefix(path + "/") }
}
