import CEL
import Recipe
import Schedule
import Store

extension Performance {
    /// The verb `call`: another recipe, as a part of this run; its result is that recipe's output.
    func call(_ call: RecipeCall, in scope: Scope) async throws(Exit) -> VerbResult {
        let given = try evaluate { () throws(ExpressionError) in try call.inputs?.evaluate(in: scope) ?? .map([:]) }
        guard let plan = run.order.recipes[call.name] else {
            throw failure(.configuration, "there is no recipe `\(call.name)` any more")
        }
        guard run.depth < Defaults.callDepth else {
            throw failure(.configuration, "recipes call each other more than \(Defaults.callDepth) deep here")
        }
        let owner = "the recipe `\(call.name)`"
        let inputs = try inputs(given.storable, key: "inputs", plan.recipe.inputs, of: owner)
        let callee = RunContext(plan, inputs: inputs, calledBy: self)
        switch await callee.performCalled(within: min(plan.recipe.timeout, run.remaining), of: run) {
        case .success(let output): return VerbResult(value: output ?? .null)
        case .failure(.failed(var error)):
            // Inside, actions are named without the way to them.
            error.action = error.action.map { "\(step.action.path)/\($0)" } ?? step.action.path
            throw .failed(error)
        case .failure(let exit): throw exit
        }
    }

    /// What is given to an operation or a recipe, and the defaults of the rest.
    func inputs(_ given: Value, key: String, _ definitions: [InputDefinition], of owner: String) throws(Exit) -> Value {
        guard case .map(let given) = given else {
            throw failure(.type, "`\(key)` of \(owner) must be a map, and is \(given.typeName.name)")
        }
        if let unknown = given.first(where: { entry in !definitions.contains { $0.name == entry.key.text } }) {
            throw failure(.type, "\(owner) has no input `\(unknown.key.text)`")
        }
        var inputs = ValueMap()
        for definition in definitions {
            guard let value = given[definition.name] ?? definition.defaultValue ?? (definition.isOptional ? .null : nil)
            else { throw failure(.type, "\(owner) needs the input `\(definition.name)`") }
            if let problem = definition.problem(with: value) {
                throw failure(.type, "the input `\(definition.name)` of \(owner) \(problem)")
            }
            inputs[definition.name] = value
        }
        return .map(inputs)
    }
}

extension RunContext {
    /// Performs the recipe of this context as a part of the run of another one: its actions, and then those that its outcome asks for.
    ///
    /// The limit is the recipe's own `timeout`, or the caller's time where that is shorter.
    func performCalled(within limit: Duration, of caller: RunContext) async -> Result<Value?, Exit> {
        let ownTimeout = plan.recipe.timeout
        let isOwnLimit = limit == ownTimeout
        let (actions, isExpired) = await services.deadlines.run(within: limit) { await self.performActions() }
        var ending: Ending
        switch actions.result {
        case .success(let end): ending = end
        case .failure(.failed(let error)): ending = .failed(redact(error))
        case .failure(.stopped(let reason)): ending = Ending(status: .succeeded, reason: reason)
        case .failure(.outcomeUnknown(let reason)): ending = .outcomeUnknown(reason)
        case .failure(.store(let error)): return .failure(.store(error))
        case .failure(.parked(let until)): return .failure(.parked(until: until))
        case .failure(.cancelled):
            // The next process goes on inside.
            if handle.reason == .shutdown { return .failure(.cancelled) }
            // Without a reason from outside it is the deadline, which an attempt saw a moment before the alarm rang.
            let isOver = isExpired || !(Task.isCancelled || base.isHalted)
            if isOver, isOwnLimit {
                let text = DurationText.format(ownTimeout)
                let message = "the recipe `\(plan.recipe.name)` took longer than its timeout of \(text)"
                ending = Ending(status: .timedOut, error: RunError(kind: .timeout, message: message))
            } else {
                ending = Ending(status: .cancelled)
            }
        }
        if ending.hasSequel(in: plan) {
            let (scope, before) = (actions.scope, ending)
            // A task of its own: what follows is not stopped by what stopped the actions.
            let sequel = Task { await self.performSequel(of: before, scope: scope) }
            ending = await sequel.value
        }
        return ending.outcome
    }
}

extension Ending {
    /// What the end of a called recipe is for its caller.
    fileprivate var outcome: Result<Value?, Exit> {
        if let storeError { return .failure(.store(storeError)) }
        switch status {
        case .succeeded: return .success(output)
        case .cancelled: return .failure(.cancelled)
        case .interrupted: return .failure(.outcomeUnknown(reason: reason ?? ""))
        default:
            return .failure(.failed(error ?? RunError(kind: .fail, message: reason ?? status.rawValue)))
        }
    }
}
