import Synchronization

/// A value that many hold, and that is there once.
final class Shared<Value: Sendable>: Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}

extension Shared: Equatable where Value: Equatable {
    static func == (left: Shared, right: Shared) -> Bool { left.value == right.value }
}

extension Shared: Hashable where Value: Hashable {
    func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

/// Gives equal values one place: a hundred thousand triggers have few different rules, and often few different times.
final class Pool<Value: Hashable & Sendable>: Sendable {
    private let known = Mutex<Set<Shared<Value>>>([])

    /// The place of values that are equal to this one.
    func shared(_ value: Value) -> Shared<Value> {
        let new = Shared(value)
        return known.withLock { $0.insert(new).memberAfterInsert }
    }
}
