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
            let message = "`foreach` needs a list, and this is \(list.typeName.name)"
            throw .failed(RunError(action: step.action.path, kind: .type, message: message, place: forEach.list.place))
        }
        // Only the items have checkpoints: the list of their results is found again from those.
        guard forEach.concurrency > 1, items.count > 1 else {
            var results: [Value] = []
            results.reserveCapacity(items.count)
            for (number, item) in items.enumerated() {
                if Task.isCancelled { throw .cancelled }
                var inner = scope.with(item: item, number, name: forEach.name)
                results.append(
                    try await performOnce(step, in: &inner, at: position.item(number, isConcurrent: false))
                )
            }
            return .list(results)
        }
        return .list(try await performConcurrently(step, forEach, items, in: scope, at: position))
    }

    private func performConcurrently(
        _ step: Step,
        _ forEach: ForEach,
        _ items: [Value],
        in scope: Scope,
        at position: Position
    ) async throws(Exit) -> [Value] {
        // What was done before must be durable before several effects begin at once.
        try await checkpoints.flush()
        var results = [Value](repeating: .null, count: items.count)
        let failure = await withTaskGroup(of: (Int, Result<Value, Exit>).self) { group -> Exit? in
            var next = 0
            func begin() {
                let number = next
                let inner = scope.with(item: items[number], number, name: forEach.name)
                let place = position.item(number, isConcurrent: true)
                group.addTask {
                    var inner = inner
                    do throws(Exit) {
                        return (number, .success(try await self.performOnce(step, in: &inner, at: place)))
                    } catch {
                        return (number, .failure(error))
                    }
                }
                next += 1
            }
            while next < min(forEach.concurrency, items.count) { begin() }
            var first: (number: Int, exit: Exit)?
            for await (number, result) in group {
                switch result {
                case .success(let value): results[number] = value
                case .failure(let exit): if first.map({ number < $0.number }) ?? true { first = (number, exit) }
                }
                if first == nil, next < items.count, !Task.isCancelled { begin() }
            }
            if first == nil, next < items.count { return Exit.cancelled }
            return first?.exit
        }
        if let failure { throw failure }
        return results
    }
}

extension Scope {
    /// This scope for one item of a `foreach`.
    fileprivate func with(item: Value, _ number: Int, name: String?) -> Scope {
        var scope = self
        scope["item"] = item
        scope["index"] = .int(Int64(number))
        if let name { scope[name] = item }
        return scope
    }
}
