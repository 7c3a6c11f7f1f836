import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization

extension RunContext {
    /// The variables at the start of a run (DESIGN section 10); what no expression reads is not fetched.
    func initialScope() async throws(Exit) -> Scope {
        // A parked run goes on with what it began with, whatever has changed since.
        let known = checkpoints.take(Self.beginningKey)?.result
        var scope = try await bareScope(state: known?["state"])
        if let vars = known?["vars"] {
            scope["vars"] = vars
            return scope
        }
        defer { if order.terms.canPark { keepBeginning(scope) } }
        guard !plan.recipe.vars.isEmpty else { return scope }
        if plan.readsConnection { try await addConnection(of: nil, to: &scope) }
        for (key, template) in plan.recipe.vars {
            do {
                scope.set(member: key, of: "vars", to: try template.evaluate(in: scope))
            } catch {
                throw .failed(RunError(error, action: nil))
            }
        }
        return scope
    }

    /// The same without the recipe's `vars`.
    ///
    /// - Parameter state: what the recipe remembers, where that is known.
    func bareScope(state: Value? = nil) async throws(Exit) -> Scope {
        var scope = Scope([
            "recipe": plan.recipeVariable,
            "inputs": order.inputs,
            "env": services.environment,
            "actions": .map([:]),
            "vars": .map([:]),
        ])
        if plan.recipe.name == Recipe.alertName { scope["alert"] = order.inputs }
        if plan.variables.contains("run") { scope["run"] = try await runVariable() }
        if plan.variables.contains("state") {
            do {
                scope["state"] =
                    if let state { state } else { try await rememberedState() }
            } catch {
                throw .store(error)
            }
        }
        return scope
    }

    private func rememberedState() async throws(StoreError) -> Value {
        guard let state = try await services.store.state(of: plan.recipe.name) else { return .null }
        services.redactor.add(state.secrets, foundIn: "the state of \(plan.recipe.name)")
        return state.value
    }

    /// Where a parked run keeps what it began with; no action has such a path.
    static let beginningKey = ActionKey(path: "@beginning", index: "")

    private func keepBeginning(_ scope: Scope) {
        guard !plan.recipe.vars.isEmpty || plan.variables.contains("state") else { return }
        beginning.withLock { $0 = .map(["vars": scope["vars"] ?? .null, "state": scope["state"] ?? .null]) }
    }

    /// `run`, as the plan says that expressions read it.
    private func runVariable() async throws(Exit) -> Value {
        let record = order.run
        let scheduledAt = record.fire.scheduledAt
        var members: ValueMap = [
            "id": .string(record.id.text),
            "trigger": .string(record.fire.trigger),
            "scheduled_at": Value(scheduledAt),
            "started_at": Value(record.startedAt ?? services.clock.now()),
            "attempt": .int(Int64(record.attempt)),
        ]
        if plan.needs("last_success_at") {
            let query = RunQuery(recipe: plan.recipe.name, statuses: [.succeeded], limit: 1)
            do {
                members["last_success_at"] =
                    try await services.store.runs(query).first?.finishedAt.map { Value($0) } ?? .null
            } catch {
                throw .store(error)
            }
        }
        // The data interval of a fire is the time since the fire before it.
        if plan.needs("interval_start") {
            let start = order.trigger?.schedule.previous(before: scheduledAt)
            members["interval_start"] = start.map { Value($0) } ?? .null
        }
        members["interval_end"] = Value(scheduledAt)
        return .map(members)
    }

    /// Sets `connection` to the fields that are no secret, of an action's connection or else of the recipe's.
    func addConnection(of step: Step?, to scope: inout Scope) async throws(Exit) {
        guard step?.action.connection != nil || plan.recipe.connection != nil else { return }
        let session = try session(for: step)
        do {
            scope["connection"] = try await session.visible()
        } catch {
            throw .failed(redact(RunError(action: step?.action.path, kind: .configuration, message: "\(error)")))
        }
    }
}

extension Scope {
    /// Sets a member of a variable that is a map.
    mutating func set(member name: String, of variable: String, to value: Value) {
        guard case .map(var map) = variables.removeValue(forKey: variable) ?? .map([:]) else { return }
        map[name] = value
        variables[variable] = .map(map)
    }
}

extension Value {
    /// A moment as expressions see it.
    init(_ instant: Instant) {
        let seconds = instant.wholeSeconds
        let nanoseconds = (instant.microseconds - seconds * 1_000_000) * 1_000
        // Outside the years 1 to 9999 CEL has no timestamps.
        self = Timestamp(seconds: seconds, nanoseconds: nanoseconds).map(Value.timestamp) ?? .null
    }

    /// The value as `state`, outputs and results keep it: moments and lengths of time become text, an optional its value.
    var storable: Value {
        switch self {
        case .timestamp, .duration: .string(text)
        case .optional(let optional): optional.value?.storable ?? .null
        case .list(let items): .list(items.map(\.storable))
        case .map(let map):
            .map(
                map.entries.reduce(into: ValueMap()) { result, entry in
                    result[entry.key] = entry.value.storable
                }
            )
        default: self
        }
    }
}
