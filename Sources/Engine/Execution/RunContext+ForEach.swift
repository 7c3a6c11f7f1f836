import CEL
import Recipe
import Store

extension RunContext {
    /// Performs an action for each item of a list; the result is the list of the items' results, in the items' order (DESIGN section 10).
    ///
    /// After a failure no new item is begun, and those under way are finished.
    func performEach(
        _ step: Step,
        _ forEach: ForEach,
        in scope: inout Scope,
        at position: Position
    ) async throws(Exit) -> Value {
        let list = try evaluate(step) { () throws(ExpressionError) in try forEach.list.evaluate(in: scope) }
        guard case .list(let items) = list else {
            let message = "`foreach` needs a list, and this is \(list.typeName.name)\(Self.mend(list))"
            throw .failed(RunError(action: step.action.path, kind: .type, message: message, place: forEach.list.place))
        }
        let isToDo = try await itemsToDo(step, forEach, items, in: scope, at: position)
        // Only the items have checkpoints: the list of their results is found again from those.
        guard forEach.concurrency > 1, items.count > 1 else {
            var results: [Value] = []
            results.reserveCapacity(items.count)
            for (number, item) in items.enumerated() {
                if Task.isCancelled || position.isHalted { throw .cancelled }
                if let isToDo, !isToDo[number] {
                    results.append(.null)
                    continue
                }
                var inner = scope.with(item: item, number, name: forEach.name)
                results.append(
                    try await performOnce(step, in: &inner, at: position.item(number, isConcurrent: false))
                )
            }
            return .list(results)
        }
        return .list(try await performConcurrently(step, forEach, items, isToDo, in: scope, at: position))
    }

    /// What to write instead of a value that is no list.
    private static func mend(_ value: Value) -> String {
        switch value {
        case .int, .uint, .double: "; write `lists.range(n)` for the numbers from 0, or `[n]` for one item"
        case .map: "; write `.keys()` or `.values()` behind it, or `[m]` for one item"
        case .string: "; write `.split(',')` behind it, or `[s]` for one item"
        case .null: "; write `.?name.orValue([])` where it may be missing"
        case .optional: "; write `.orValue([])` behind it"
        default: ""
        }
    }

    private func performConcurrently(
        _ step: Step,
        _ forEach: ForEach,
        _ items: [Value],
        _ isToDo: [Bool]?,
        in scope: Scope,
        at position: Position
    ) async throws(Exit) -> [Value] {
        // What was done before must be durable before several effects begin at once.
        try await checkpoints.flush()
        var results = [Value](repeating: .null, count: items.count)
        let numbers = items.indices.filter { isToDo?[$0] ?? true }
        let failure = await withTaskGroup(of: ItemOutcome.self) { group -> Exit? in
            var next = 0
            func begin() {
                let number = numbers[next]
                let inner = scope.with(item: items[number], number, name: forEach.name)
                let place = position.item(number, isConcurrent: true)
                group.addTask {
                    ItemOutcome(number: number, result: await self.outcome(of: step, in: inner, at: place))
                }
                next += 1
            }
            while next < min(forEach.concurrency, numbers.count) { begin() }
            var first: (number: Int, exit: Exit)?
            for await item in group {
                switch item.result {
                case .success(let value): results[item.number] = value
                case .failure(let exit):
                    if first.map({ item.number < $0.number }) ?? true { first = (item.number, exit) }
                }
                if first == nil, next < numbers.count, !Task.isCancelled, !position.isHalted { begin() }
            }
            if first == nil, next < numbers.count { return Exit.cancelled }
            return first?.exit
        }
        if let failure { throw failure }
        return results
    }
}

extension RunContext {
    /// What became of one item of a concurrent `foreach`.
    private struct ItemOutcome: Sendable {
        let number: Int
        let result: Result<Value, Exit>
    }

    /// One item as a value: a task's closure with a typed throw in it gave a wrong number in optimised builds (Swift 6.3.1).
    private func outcome(of step: Step, in scope: Scope, at place: Position) async -> Result<Value, Exit> {
        TaskMemory.reserve(TaskMemory.item)
        var scope = scope
        do {
            return .success(try await performOnce(step, in: &scope, at: place))
        } catch {
            return .failure(error)
        }
    }
}

extension Scope {
    /// This scope for one item of a `foreach`.
    func with(item: Value, _ number: Int, name: String?) -> Scope {
        var scope = self
        scope["item"] = item
        scope["index"] = .int(Int64(number))
        if let name { scope[name] = item }
        return scope
    }
}
