import CEL
import Connections
import Recipe
import Store

/// The verbs that hold or call other actions, and those that start programs.
extension Previewer {
    /// One of the lists of actions inside a verb; what it sets comes out.
    func performBranch(_ number: Int, of step: Step, in scope: inout Scope, _ at: At) async throws(Exit) {
        let before = unknowns.paths
        var inner = scope
        try await perform(step.branches[number], in: &inner, at)
        scope["vars"] = inner["vars"]
        unknowns.leave(to: before)
    }

    /// The case that holds; where only an answer can tell, all that may.
    func choose(_ choice: Choice, of step: Step, in scope: inout Scope, _ at: At) async throws(Exit) {
        var isOpen = false
        for (number, option) in choice.cases.enumerated() {
            if unknowns.touch(option.condition) {
                isOpen = true
                let condition = "when \(Unknowns.text(option.condition))"
                try await performBranch(number, of: step, in: &scope, at.under(condition))
            } else if try context.holds(option.condition, as: "when", of: step, in: scope) {
                return try await performBranch(number, of: step, in: &scope, isOpen ? at.under("else") : at)
            }
        }
        try await performBranch(choice.cases.count, of: step, in: &scope, isOpen ? at.under("else") : at)
    }

    /// The called recipe, as far as what it is given is known.
    func call(_ call: RecipeCall, of step: Step, in scope: Scope, _ at: At) async throws(Exit) {
        guard let plan = context.order.recipes[call.name], context.depth < Defaults.callDepth else { return }
        var inputs = plan.defaultInputs
        var unknown: [[String]] = []
        switch call.inputs {
        case .map(let entries)?:
            for (name, template) in entries {
                if template.expressions.contains(where: unknowns.touch) {
                    unknown.append(["inputs", name])
                    continue
                }
                let value = try context.evaluate(step) { () throws(ExpressionError) in try template.evaluate(in: scope)
                }
                inputs = inputs.with(name, value)
            }
        case let template?:
            if template.expressions.contains(where: unknowns.touch) {
                unknown.append(["inputs"])
            } else {
                inputs = try context.evaluate(step) { () throws(ExpressionError) in try template.evaluate(in: scope) }
            }
        case nil: break
        }
        let path = context.path(of: step)
        let performance = Performance(
            run: context,
            step: step,
            key: ActionKey(path: path, index: ""),
            record: ActionRecord(
                run: context.run,
                path: path,
                status: .started,
                startedAt: context.services.clock.now()
            ),
            position: Position()
        )
        let inner = Previewer(RunContext(plan, inputs: inputs, calledBy: performance))
        for path in unknown { inner.unknowns.insert(path) }
        let preview: Preview
        do {
            preview = try await inner.preview()
        } catch {
            throw .store(error)
        }
        entries += preview.entries.map { entry in
            Preview.Entry(
                action: entry.action + at.index,
                conditions: at.conditions + entry.conditions,
                request: entry.request,
                note: entry.note,
                isComplete: entry.isComplete
            )
        }
        if let error = preview.error { throw .failed(error) }
    }

    /// A program is named, and not started.
    func note(_ program: ProgramAction, _ step: Step, in scope: Scope, _ at: At) throws(Exit) {
        switch program.command {
        case .shell(let text): note("a shell runs: \(try self.text(text, step, in: scope))", step, at)
        case .arguments(let words):
            let known = words.replacing { unknowns.standIn(for: $0) }
            let value = try context.evaluate(step) { () throws(ExpressionError) in try known.evaluate(in: scope) }
            guard case .list(let items) = value else { return }
            let text = items.map(\.text).joined(separator: " ")
            note("a program runs: \(context.redact(unknowns.revealed(text)))", step, at)
        }
    }
}

extension Value {
    /// A map with one more member.
    fileprivate func with(_ name: String, _ value: Value) -> Value {
        guard case .map(var members) = self else { return self }
        members[name] = value
        return .map(members)
    }
}
