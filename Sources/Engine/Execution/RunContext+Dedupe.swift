import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization

/// Items with a key that a run has taken, until they are completed.
struct ItemLedger: Sendable {
    /// Keys that the run has begun, so that none is done twice in it, and where.
    private var begun: [Key: String] = [:]
    /// What becomes known as done with the completion of an action.
    private var keys: [ActionKey: String] = [:]

    private struct Key: Hashable {
        let path: String
        let text: String
    }

    /// Whether the run begins with this key only now.
    mutating func begin(_ text: String, at place: ActionKey) -> Bool {
        let key = Key(path: place.path, text: text)
        guard begun[key] == nil else { return false }
        begun[key] = place.index
        return true
    }

    /// Lets the run begin again with the keys of actions that are done from their beginning.
    mutating func restart(_ inner: InnerActions) {
        begun = begun.filter { !inner.contains(path: $0.key.path, index: $0.value) }
    }

    mutating func expect(_ key: String, at place: ActionKey) { keys[place] = key }

    mutating func take(_ place: ActionKey) -> String? { keys.removeValue(forKey: place) }
}

extension RunContext {
    /// Which items of a `foreach` are done: all but those whose key was done not long ago, is being done by another run, or stands before in the list.
    ///
    /// All are asked for at once, so that a long list of known items costs one transaction. Nil where there is no `dedupe`.
    func itemsToDo(
        _ step: Step,
        _ forEach: ForEach,
        _ items: [Value],
        in scope: Scope,
        at position: Position
    ) async throws(Exit) -> [Bool]? {
        guard let dedupe = forEach.dedupe else { return nil }
        var keys: [String] = []
        keys.reserveCapacity(items.count)
        for (number, item) in items.enumerated() {
            let inner = scope.with(item: item, number, name: forEach.name)
            let key = try evaluate(step) { () throws(ExpressionError) in try dedupe.key.evaluate(in: inner) }
            keys.append(try text(ofKey: key, dedupe, step, number))
        }
        let path = path(of: step)
        let claims: [ItemClaim]
        do {
            claims = try await services.store.claimItems(
                keys,
                of: path,
                run: run,
                fence: order.run.fence,
                now: services.clock.now()
            )
        } catch {
            throw .store(error)
        }
        return items.indices.map { number in
            let place = ActionKey(path: path, index: position.item(number, isConcurrent: false).index)
            // What this run has done before a crash keeps its result.
            let isOwn = checkpoints.holds(place)
            return ledger.withLock { ledger in
                guard ledger.begin(keys[number], at: place), isOwn || claims[number] == .claimed else { return false }
                ledger.expect(keys[number], at: place)
                return true
            }
        }
    }

    /// What is recorded with a completed item, so that it is not done again.
    func doneItem(_ step: Step, _ place: ActionKey, at moment: Instant) -> DoneItem? {
        guard let dedupe = step.action.forEach?.dedupe, let key = ledger.withLock({ $0.take(place) }) else {
            return nil
        }
        return DoneItem(key: key, until: moment + dedupe.ttl)
    }

    /// JSON tells the number 1 from the text `1`.
    private func text(ofKey key: Value, _ dedupe: Dedupe, _ step: Step, _ number: Int) throws(Exit) -> String {
        switch key {
        case .null, .map:
            let message =
                "the key of item \(number) is \(key == .null ? "null" : "a map"), which tells no item from another"
            throw .failed(RunError(action: step.action.path, kind: .type, message: message, place: dedupe.key.place))
        default: return key.storable.json()
        }
    }
}
