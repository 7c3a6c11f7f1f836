import CEL
import Connections
import Recipe
import Schedule
import Store

/// Where in a run an action is performed.
struct Position: Sendable {
    /// The `foreach` indexes on the way, joined with dots.
    var index = ""
    /// Other actions are performed at the same time: what is done must be durable soon, because the end of the run may be far.
    var isConcurrent = false
    /// A run that waits here may leave memory: everything before is a checkpoint, and nothing goes on beside it.
    var canPark = false
    /// Raised when a branch of the `parallel` around it has failed.
    var halt: Halt?

    /// The position of an item below this one.
    func item(_ number: Int, isConcurrent: Bool) -> Position {
        Position(
            index: index.isEmpty ? String(number) : "\(index).\(number)",
            isConcurrent: self.isConcurrent || isConcurrent,
            canPark: canPark && !isConcurrent,
            halt: halt
        )
    }

    /// Whether no further action may be begun.
    var isHalted: Bool { halt?.isRaised ?? false }
}

extension RunContext {
    /// Performs actions in order; their results become members of `actions`.
    ///
    /// Gives the last result that a run without `output:` would have.
    @discardableResult
    func perform(_ steps: [Step], in scope: inout Scope, at position: Position = Position()) async throws(Exit)
        -> Value?
    {
        var last: Value?
        for step in steps {
            // What was done before is known to `finally`, also of a run that is cancelled before it goes on.
            if position.isHalted || Task.isCancelled && !checkpoints.isRestoring { throw .cancelled }
            let value = try await perform(step, in: &scope, at: position)
            if let id = step.action.id { scope.set(member: id, of: "actions", to: value) }
            if let plain = step.action.plainResult(value) { last = plain }
        }
        return last
    }

    /// Performs one action with all that its common keys ask for.
    private func perform(_ step: Step, in scope: inout Scope, at position: Position) async throws(Exit) -> Value {
        if plan.readsConnection { try await addConnection(of: step, to: &scope) }
        if let condition = step.action.condition {
            let key = ActionKey(path: path(of: step), index: position.index)
            // What was decided stays so, also where time or another run has changed what it depends on.
            switch checkpoints.status(of: key) {
            case nil:
                if !checkpoints.takeEntry(key), try !holds(condition, as: "if", of: step, in: scope) {
                    return skip(step, at: position)
                }
            case .skipped: return skip(step, at: position)
            case .started, .succeeded, .failed: break
            }
        }
        guard let forEach = step.action.forEach else { return try await performOnce(step, in: &scope, at: position) }
        return try await performEach(step, forEach, in: &scope, at: position)
    }

    /// Whether a condition holds; `key` is what it stands under.
    func holds(_ condition: Expression, as key: String, of step: Step, in scope: Scope) throws(Exit) -> Bool {
        let value = try evaluate(step) { () throws(ExpressionError) in try condition.evaluate(in: scope) }
        guard case .bool(let holds) = value else {
            let message = "`\(key)` must be true or false, and is \(value.typeName.name)"
            throw .failed(RunError(action: step.action.path, kind: .type, message: message, place: condition.place))
        }
        return holds
    }

    private func skip(_ step: Step, at position: Position) -> Value {
        let now = services.clock.now()
        let key = ActionKey(path: path(of: step), index: position.index)
        if checkpoints.take(key) == nil {
            checkpoints.add(
                ActionRecord(
                    run: run,
                    path: key.path,
                    index: position.index,
                    status: .skipped,
                    attempts: 0,
                    startedAt: now,
                    finishedAt: now
                )
            )
            report(.actionFinished(describe(step, position), .skipped, duration: .zero, request: nil))
        }
        return .null
    }

    /// Performs an action, or one item of it, unless a checkpoint says that this was done.
    func performOnce(_ step: Step, in scope: inout Scope, at position: Position) async throws(Exit) -> Value {
        let key = ActionKey(path: path(of: step), index: position.index)
        if let done = checkpoints.take(key) {
            return try await performAgain(step, key, after: done, in: &scope, at: position)
        }
        try checkCancellation(before: step)
        return try await perform(begin(step, key, at: position), after: nil, in: &scope)
    }

    /// Performs an action of which an earlier process has left something, unless it was done.
    @inline(never)
    private func performAgain(
        _ step: Step,
        _ key: ActionKey,
        after done: ActionRecord,
        in scope: inout Scope,
        at position: Position
    ) async throws(Exit) -> Value {
        if let value = try await restore(done, of: step, in: &scope, at: position) { return value }
        try checkCancellation(before: step)
        var earlier: ActionRecord?
        if case .wait = step.action.verb { earlier = done }
        return try await perform(begin(step, key, continuing: earlier, at: position), after: done, in: &scope)
    }

    private func checkCancellation(before step: Step) throws(Exit) {
        let isEntered = step.action.verb.isComposite || !step.branches.isEmpty
        if Task.isCancelled, !isEntered || !checkpoints.isRestoring { throw .cancelled }
    }

    /// Says that an action begins.
    // Not inlined, as others here: what it works with would stay in memory while the action is under way.
    @inline(never)
    private func begin(
        _ step: Step,
        _ key: ActionKey,
        continuing earlier: ActionRecord? = nil,
        at position: Position
    ) -> Performance {
        let record = ActionRecord(
            run: run,
            path: key.path,
            index: key.index,
            status: .started,
            result: earlier?.result,
            startedAt: earlier?.startedAt ?? services.clock.now()
        )
        noteAction(at: record.startedAt)
        report(.actionStarted(describe(step, position)))
        return Performance(run: self, step: step, key: key, record: record, position: position)
    }

    /// Performs an action that has begun, to its end.
    private func perform(
        _ performance: Performance,
        after done: ActionRecord?,
        in scope: inout Scope
    ) async throws(Exit) -> Value {
        do {
            let result = try await result(of: performance, after: done, in: &scope)
            try await checkpoints.keep(record(of: performance, result), performance.durability(of: result))
            return result.value
        } catch {
            return try await fail(performance, error, in: &scope)
        }
    }

    /// What the verb does, and `output:` on top of it.
    private func result(
        of performance: Performance,
        after done: ActionRecord?,
        in scope: inout Scope
    ) async throws(Exit) -> VerbResult {
        let step = performance.step
        let result =
            step.isPlain
            ? try await step.action.verb.perform(performance, in: &scope)
            : try await performance.performRepeatedly(in: &scope, after: done)
        return step.action.output == nil ? result : try shaped(result, of: step, in: scope)
    }

    /// A result as the action's `output:` says.
    @inline(never)
    private func shaped(_ result: VerbResult, of step: Step, in scope: Scope) throws(Exit) -> VerbResult {
        guard let output = step.action.output else { return result }
        let visible = scope.seeing(result, in: plan)
        var shaped = result
        shaped.value = try evaluate(step) { () throws(ExpressionError) in try output.evaluate(in: visible).storable }
        shaped.stored = nil
        return shaped
    }

    /// What comes of an action that has failed.
    private func fail(_ performance: Performance, _ exit: Exit, in scope: inout Scope) async throws(Exit) -> Value {
        guard case .failed(var failure) = exit else { throw exit }
        let step = performance.step
        failure = redact(failure)
        if failure.action == nil { failure.action = step.action.path }
        var record = performance.record
        record.status = .failed
        record.error = failure.record
        record.attempts = failure.attempt ?? 1
        close(&record, of: performance)
        try await checkpoints.keep(record, performance.durability)
        return try await settle(failure, of: step, in: &scope, at: performance.position)
    }

    /// The record of an action that has succeeded; its end is reported.
    @inline(never)
    private func record(of performance: Performance, _ result: VerbResult) -> ActionRecord {
        var record = performance.record
        record.status = .succeeded
        record.result = performance.step.action.keepsResult ? (result.stored ?? result.value).unlessNull : nil
        record.attempts = result.attempts
        record.request = result.request.map(redact)
        close(&record, of: performance)
        return record
    }

    /// Ends a record now, and reports that.
    private func close(_ record: inout ActionRecord, of performance: Performance) {
        let now = services.clock.now()
        record.finishedAt = now
        if performance.step.hasDedupe, record.status == .succeeded {
            record.doneItem = doneItem(performance.step, performance.key, at: now)
        }
        report(
            .actionFinished(
                describe(performance.step, performance.position),
                record.status,
                duration: now - record.startedAt,
                request: record.request
            )
        )
    }

    /// The value of an action that an earlier process completed; nil when it must be done again.
    private func restore(
        _ done: ActionRecord,
        of step: Step,
        in scope: inout Scope,
        at position: Position
    ) async throws(Exit) -> Value? {
        // The actions inside have checkpoints of their own, which restore what they set as well.
        if step.action.verb.isRestoredFromInside, done.status != .failed {
            guard case .choose = step.action.verb, done.status == .succeeded else { return nil }
            // Where no case held nothing is inside.
            let isInside = checkpoints.takeEntry(ActionKey(path: done.path, index: done.index))
            return isInside ? nil : done.result ?? .null
        }
        if step.action.verb.isComposite, done.status == .started { return nil }
        // It goes on to its end, whatever may be done again.
        if case .wait = step.action.verb, done.status == .started { return nil }
        switch done.status {
        case .succeeded:
            let value = done.result ?? .null
            if case .set = step.action.verb { scope.merge(value, into: "vars") }
            return restoredResult(
                value,
                of: step,
                ActionKey(path: done.path, index: done.index),
                in: &scope,
                at: position
            )
        case .skipped:
            // Its condition holds now, so what it depended on has come out differently.
            return nil
        case .failed:
            guard let error = done.error else { return nil }
            return try await settle(RunError(error), of: step, in: &scope, at: position)
        case .started:
            if delivery == .atLeastOnce, step.action.isRepeatable { return nil }
            throw outcomeUnknown(path(of: step), position)
        }
    }

    /// The end of a run whose process died during an action that must not be done twice.
    func outcomeUnknown(_ path: String, _ position: Position) -> Exit {
        let label = position.index.isEmpty ? "`\(path)`" : "`\(path)` item \(position.index)"
        return .outcomeUnknown(
            reason:
                "outcome unknown: the process ended while \(label) was in flight, and doing it again could do it twice"
        )
    }

    /// What an action's failure means, by its `on_error`.
    private func settle(
        _ failure: RunError,
        of step: Step,
        in scope: inout Scope,
        at position: Position
    ) async throws(Exit) -> Value {
        let value = Value.map(["error": failure.value])
        switch step.action.onError {
        case .fail: throw .failed(failure)
        case .proceed: return value
        case .handle:
            var handling = scope.with("error", failure.value)
            try await perform(step.handlers, in: &handling, at: position)
            scope["vars"] = handling["vars"]
            return value
        }
    }

    /// An expression's value; its error becomes the action's.
    func evaluate<Result>(_ step: Step, _ body: () throws(ExpressionError) -> Result) throws(Exit) -> Result {
        do {
            return try body()
        } catch {
            throw .failed(RunError(error, action: step.action.path))
        }
    }

    func describe(_ step: Step, _ position: Position) -> ActionDescription {
        ActionDescription(
            run: run,
            recipe: plan.recipe.name,
            path: path(of: step),
            index: position.index,
            name: step.action.name
        )
    }
}

extension Scope {
    /// What `output` and `until` see: the verb's result, and the response where there is one.
    func seeing(_ result: VerbResult, in plan: RecipePlan) -> Scope {
        var visible = self
        if let response = result.response { visible["response"] = response }
        if plan.variables.contains("result") { visible["result"] = result.value }
        return visible
    }

    /// Adds the members of a map to a variable that is one.
    mutating func merge(_ value: Value, into variable: String) {
        guard case .map(let map) = value else { return }
        for entry in map {
            if case .string(let name) = entry.key { set(member: name, of: variable, to: entry.value) }
        }
    }
}

extension Action {
    /// Whether a checkpoint of it holds its result; that of a `do` is found again from the actions inside.
    fileprivate var keepsResult: Bool { !verb.isRestoredFromInside || output != nil }

    /// What a run without `output:` gives when this was its last action: of a request the body, of a paginated one the items; nil where the verb has no result.
    func plainResult(_ value: Value) -> Value? {
        guard output == nil else { return value }
        switch verb {
        case .http:
            guard forEach != nil, case .list(let items) = value else { return value.plainResponse }
            return .list(items.map(\.plainResponse))
        case .use(let call):
            guard call.operation.output == nil else { return value }
            guard forEach != nil, case .list(let items) = value else { return value.plainResponse }
            return .list(items.map(\.plainResponse))
        case .block, .parallel, .choose, .call, .run: return value
        case .log, .set, .wait, .fail, .stop: return nil
        }
    }
}

extension Value {
    /// A checkpoint without a result gives null as well, and need not be sealed.
    fileprivate var unlessNull: Value? { if case .null = self { nil } else { self } }

    /// The items or the body of a request's result; anything else as it is.
    fileprivate var plainResponse: Value { self["items"] ?? self["body"] ?? self }
}
