import CEL
import Connections
import Recipe
import Store

/// Walks through a recipe as a run would, and writes requests down instead of sending them.
///
/// An answer that was not had leaves its action without a result. Whatever reads it is shown as the expression it is, and what depends on it is shown with the
/// condition: so every request is there once, and none is made up.
final class Previewer {
    let context: RunContext
    var entries: [Preview.Entry] = []
    var unknowns = Unknowns()

    init(_ context: RunContext) {
        self.context = context
    }

    /// The whole run, as it goes when every request succeeds.
    func preview() async throws(StoreError) -> Preview {
        do {
            var scope = try await context.bareScope()
            try await setVariables(&scope)
            let plan = context.plan
            try await perform(plan.actions + plan.onSuccess + plan.finally, in: &scope, At())
            return Preview(entries: entries, stopReason: nil, error: nil)
        } catch {
            switch error {
            case .stopped(let reason): return Preview(entries: entries, stopReason: reason, error: nil)
            case .failed(let failure): return Preview(entries: entries, stopReason: nil, error: context.redact(failure))
            case .store(let failure): throw failure
            case .cancelled, .parked, .outcomeUnknown: return Preview(entries: entries, stopReason: nil, error: nil)
            }
        }
    }

    /// Where the walk is.
    struct At {
        var index = ""
        var conditions: [String] = []

        func item(_ number: Int) -> At { At(index: index + "[\(number)]", conditions: conditions) }

        func under(_ condition: String) -> At { At(index: index, conditions: conditions + [condition]) }
    }

    private func setVariables(_ scope: inout Scope) async throws(Exit) {
        guard !context.plan.recipe.vars.isEmpty else { return }
        if context.plan.readsConnection { try await addConnection(of: nil, to: &scope) }
        for (name, template) in context.plan.recipe.vars { try set(name, template, nil, in: &scope) }
    }

    func perform(_ steps: [Step], in scope: inout Scope, _ at: At) async throws(Exit) {
        for step in steps { try await perform(step, in: &scope, at) }
    }

    private func perform(_ step: Step, in scope: inout Scope, _ at: At) async throws(Exit) {
        if context.plan.readsConnection { try await addConnection(of: step, to: &scope) }
        var at = at
        if let condition = step.action.condition {
            if unknowns.touch(condition) {
                at = at.under("if \(Unknowns.text(condition))")
            } else {
                let visible = scope
                let value = try context.evaluate(step) { () throws(ExpressionError) in
                    try condition.evaluate(in: visible)
                }
                guard value == .bool(true) else { return settle(step, .null, in: &scope) }
            }
        }
        guard let forEach = step.action.forEach else {
            return settle(step, try await once(step, &scope, at), in: &scope)
        }
        try await performEach(step, forEach, in: scope, at)
        settle(step, nil, in: &scope)
    }

    private func performEach(_ step: Step, _ forEach: ForEach, in scope: Scope, _ at: At) async throws(Exit) {
        let before = unknowns.paths
        guard !unknowns.touch(forEach.list) else {
            for name in ["item", "index"] + (forEach.name.map { [$0] } ?? []) { unknowns.insert(name) }
            var inner = scope
            _ = try await once(step, &inner, at.under("for each of \(Unknowns.text(forEach.list))"))
            return unknowns.leave(to: before)
        }
        let list = try context.evaluate(step) { () throws(ExpressionError) in try forEach.list.evaluate(in: scope) }
        guard case .list(let items) = list else {
            let message = "`foreach` needs a list, and this is \(list.typeName.name)"
            throw .failed(RunError(action: step.action.path, kind: .type, message: message, place: forEach.list.place))
        }
        for (number, item) in items.enumerated() {
            var inner = scope.with("item", item).with("index", .int(Int64(number)))
            if let name = forEach.name { inner[name] = item }
            _ = try await once(step, &inner, at.item(number))
            unknowns.leave(to: before)
        }
    }

    /// Files the result of an action; nil is one that only an answer could give.
    private func settle(_ step: Step, _ value: Value?, in scope: inout Scope) {
        guard let id = step.action.id else { return }
        if let value {
            scope.set(member: id, of: "actions", to: value)
            unknowns.remove("actions", id)
        } else {
            unknowns.insert("actions", id)
        }
    }

    /// One performance; gives its result where that is known.
    private func once(_ step: Step, _ scope: inout Scope, _ at: At) async throws(Exit) -> Value? {
        let result: Value?
        do {
            result = try await perform(step.action.verb, of: step, in: &scope, at)
        } catch {
            guard case .failed(let failure) = error else { throw error }
            switch step.action.onError {
            case .fail: throw error
            case .proceed: note(context.redact(failure.message), step, at)
            case .handle:
                note(context.redact(failure.message), step, at)
                var handling = scope.with("error", failure.value)
                try await perform(step.handlers, in: &handling, at)
                scope["vars"] = handling["vars"]
            }
            return .map(["error": failure.value])
        }
        guard let output = step.action.output else { return result }
        let before = unknowns.paths
        unknowns.insert("response")
        if result == nil { unknowns.insert("result") }
        defer { unknowns.leave(to: before) }
        guard !output.expressions.contains(where: unknowns.touch) else { return nil }
        let visible = scope.with("result", result ?? .null)
        return try context.evaluate(step) { () throws(ExpressionError) in try output.evaluate(in: visible).storable }
    }

    private func perform(_ verb: Verb, of step: Step, in scope: inout Scope, _ at: At) async throws(Exit) -> Value? {
        switch verb {
        case .http(let request):
            try await write(request, of: step, in: scope, at)
            guard request.pagination?.actions != nil else { return nil }
            let before = unknowns.paths
            unknowns.insert("page")
            var inner = scope
            try await perform(step.inner, in: &inner, at.under("for each page"))
            scope["vars"] = inner["vars"]
            unknowns.leave(to: before)
            return nil
        case .use(let call):
            try await use(call, of: step, in: scope, at)
            return nil
        case .set(let variables):
            var isKnown = true
            var result = ValueMap()
            for (name, template) in variables {
                if let value = try set(name, template, step, in: &scope) {
                    result[name] = value
                } else {
                    isKnown = false
                }
            }
            return isKnown ? .map(result) : nil
        case .log, .wait: return .null
        case .fail(let template), .stop(let template):
            let text = try text(template, step, in: scope)
            let isFailure = if case .fail = verb { true } else { false }
            guard at.conditions.isEmpty else {
                note(isFailure ? "the run fails: \(text)" : "the run stops: \(text)", step, at)
                return .null
            }
            guard isFailure else { throw .stopped(reason: text) }
            throw .failed(RunError(action: step.action.path, kind: .fail, message: text, place: step.action.place))
        case .block:
            try await performBranch(0, of: step, in: &scope, at)
            return nil
        case .parallel:
            for number in step.branches.indices { try await performBranch(number, of: step, in: &scope, at) }
            return nil
        case .choose(let choice):
            try await choose(choice, of: step, in: &scope, at)
            return nil
        case .call(let call):
            try await self.call(call, of: step, in: scope, at)
            return nil
        case .run(let program):
            try note(program, step, in: scope, at)
            return nil
        }
    }

    // MARK: Variables

    /// Sets a variable; gives its value where it is known.
    @discardableResult
    private func set(
        _ name: String,
        _ template: ValueTemplate,
        _ step: Step?,
        in scope: inout Scope
    ) throws(Exit) -> Value? {
        guard !template.expressions.contains(where: unknowns.touch) else {
            unknowns.insert("vars", name)
            return nil
        }
        let value: Value
        do {
            value = try template.evaluate(in: scope)
        } catch {
            throw .failed(RunError(error, action: step?.action.path))
        }
        scope.set(member: name, of: "vars", to: value)
        unknowns.remove("vars", name)
        return value
    }

    func text(_ template: Template, _ step: Step, in scope: Scope) throws(Exit) -> String {
        let known = template.replacing { unknowns.standIn(for: $0) }
        let text = try context.evaluate(step) { () throws(ExpressionError) in try known.text(in: scope) }
        return context.redact(unknowns.revealed(text))
    }

    private func addConnection(of step: Step?, to scope: inout Scope) async throws(Exit) {
        guard step?.action.connection != nil || context.plan.recipe.connection != nil else { return }
        let session = try context.session(for: step)
        do {
            let (value, missing) = try await session.storedVisible()
            scope["connection"] = value
            for key in missing { unknowns.insert("connection", key) }
        } catch {
            throw .failed(
                context.redact(RunError(action: step?.action.path, kind: .configuration, message: error.message))
            )
        }
    }

    // MARK: Requests

    /// An operation of the connector: it sees its inputs, and nothing of the run.
    private func use(_ call: OperationCall, of step: Step, in scope: Scope, _ at: At) async throws(Exit) {
        let outer = unknowns
        unknowns = Unknowns()
        var inputs = ValueMap()
        for definition in call.operation.inputs { inputs[definition.name] = definition.defaultValue ?? .null }
        if case .map(let entries)? = call.arguments {
            for (key, template) in entries {
                if template.expressions.contains(where: outer.touch) {
                    unknowns.insert("inputs", key)
                } else {
                    inputs[key] = try context.evaluate(step) { () throws(ExpressionError) in
                        try template.evaluate(in: scope)
                    }
                }
            }
        } else if call.arguments?.expressions.contains(where: outer.touch) == true {
            unknowns.insert("inputs")
        } else if case .map(let given)? = try context.evaluate(
            step,
            { () throws(ExpressionError) in try call.arguments?.evaluate(in: scope) }
        ) {
            for entry in given { inputs[entry.key] = entry.value }
        }
        var inner = Scope(["inputs": .map(inputs), "env": context.services.environment])
        try await addConnection(of: step, to: &inner)
        try await write(call.operation.request, of: step, in: inner, at)
        unknowns = outer
    }

    private func write(_ request: HTTPAction, of step: Step, in scope: Scope, _ at: At) async throws(Exit) {
        let isComplete = !request.sent.contains(where: unknowns.touch)
        let known = request.replacing { unknowns.standIn(for: $0) }
        var prepared: PreparedRequest
        do {
            prepared = try PreparedRequest(known, scope: scope)
        } catch {
            throw .failed(RunError(error, action: step.action.path))
        }
        switch request.idempotencyKey {
        case nil: break
        case .perAction: prepared.headers.append(("Idempotency-Key", "(one for this action of the run)"))
        case .template(let template):
            prepared.headers.append(("Idempotency-Key", try text(template, step, in: scope)))
        }
        if let pagination = request.pagination {
            do {
                prepared = try PageWalk(pagination).request(like: prepared)
            } catch {
                throw .failed(
                    RunError(action: step.action.path, kind: .type, message: error.message, place: error.place)
                )
            }
        }
        let session = try context.session(for: step)
        let preview: RequestPreview
        do {
            preview = try await session.preview(prepared)
        } catch {
            throw .failed(
                RunError(
                    action: step.action.path,
                    kind: RunError.Kind(error.kind),
                    message: unknowns.revealed(error.message),
                    place: step.action.place
                )
            )
        }
        let revealed = preview.mapping(unknowns.revealed)
        let notes = [
            preview.needsToken ? "the connection `\(session.name)` acquires a token first" : nil,
            request.pagination == nil ? nil : "the first page; what it answers says whether there are more",
        ].compactMap { $0 }
        entries.append(
            Preview.Entry(
                action: context.path(of: step) + at.index,
                conditions: at.conditions.map(context.redact),
                request: revealed,
                note: notes.isEmpty ? nil : notes.joined(separator: "; "),
                isComplete: isComplete
            )
        )
    }

    func note(_ text: String, _ step: Step, _ at: At) {
        entries.append(
            Preview.Entry(
                action: context.path(of: step) + at.index,
                conditions: at.conditions.map(context.redact),
                request: nil,
                note: text,
                isComplete: false
            )
        )
    }
}

extension HTTPAction {
    /// Every expression of what is sent.
    fileprivate var sent: [Expression] {
        var all = url.expressions + (query?.expressions ?? []) + (headers?.expressions ?? [])
        all += body.expressions
        if case .template(let template) = idempotencyKey { all += template.expressions }
        return all
    }
}
