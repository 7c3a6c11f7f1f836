import CEL
import Recipe
import Store
import Synchronization

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
        let work = ItemWork(on: items.indices.filter { isToDo?[$0] ?? true }, of: items.count)
        // Each task does one item after another: to make a task for each would cost more than to record the item.
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<min(forEach.concurrency, work.count) {
                group.addTask {
                    TaskMemory.reserve(TaskMemory.item)
                    while !Task.isCancelled, !position.isHalted, let number = work.begin() {
                        let inner = scope.with(item: items[number], number, name: forEach.name)
                        let place = position.item(number, isConcurrent: true)
                        work.end(number, with: await self.outcome(of: step, in: inner, at: place))
                    }
                }
            }
        }
        if !position.isConcurrent { try await checkpoints.settle() }
        return try work.results()
    }

    /// One item as a value: a task's closure with a typed throw in it gave a wrong number in optimised builds (Swift 6.3.1).
    private func outcome(of step: Step, in scope: Scope, at place: Position) async -> Result<Value, Exit> {
        var scope = scope
        do {
            return .success(try await performOnce(step, in: &scope, at: place))
        } catch {
            return .failure(error)
        }
    }
}

/// The items of a concurrent `foreach`, which several tasks do.
private final class ItemWork: Sendable {
    private struct State {
        /// How many have begun.
        var begun = 0
        var results: [Value]
        var failure: (number: Int, exit: Exit)?
    }

    private let numbers: [Int]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - numbers: those to do, in the order in which they begin.
    ///   - count: how many the list has.
    init(on numbers: [Int], of count: Int) {
        self.numbers = numbers
        state = Mutex(State(results: [Value](repeating: .null, count: count)))
    }

    /// How many there are to do.
    var count: Int { numbers.count }

    /// The next to begin; nil when there is none, or when one has failed.
    func begin() -> Int? {
        state.withLock { state in
            guard state.failure == nil, state.begun < numbers.count else { return nil }
            defer { state.begun += 1 }
            return numbers[state.begun]
        }
    }

    /// Takes what became of one; of failures, that of the first item in the list counts.
    func end(_ number: Int, with result: Result<Value, Exit>) {
        state.withLock { state in
            switch result {
            case .success(let value): state.results[number] = value
            case .failure(let exit):
                if state.failure.map({ number < $0.number }) ?? true { state.failure = (number, exit) }
            }
        }
    }

    /// The results in the order of the list; throws the failure, or that not all have begun.
    func results() throws(Exit) -> [Value] {
        try state.withLock { state throws(Exit) in
            if let failure = state.failure { throw failure.exit }
            guard state.begun == numbers.count else { throw .cancelled }
            return state.results
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
