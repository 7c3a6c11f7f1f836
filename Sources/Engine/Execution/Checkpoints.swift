import Connections
import Recipe
import Store
import Synchronization

/// Which action of a run: its path, and the indexes of the `foreach` items that it is done for.
struct ActionKey: Sendable, Hashable {
    /// The id path inside the recipe.
    let path: String
    /// The indexes, joined with dots; empty outside `foreach`.
    let index: String
}

/// What a run has done: the records of an earlier process that it goes on after, and those that are not durable yet.
///
/// A record waits for the next action with an effect, or for the end of the run, whichever comes first: so a run of one action costs no transaction of
/// its own, and an action that is lost in a crash is one whose effect can be had again.
final class Checkpoints: Sendable {
    private struct State {
        var done: [ActionKey: ActionRecord]
        var waiting: [ActionRecord] = []
        /// What the redactor had learnt when the secrets of the oldest that waits were marked.
        var markedAt: Int?
    }

    private let store: any Store
    private let redactor: Redactor
    private let fence: Int64
    private let state: Mutex<State>

    init(store: any Store, redactor: Redactor, fence: Int64, done: [ActionRecord]) {
        self.store = store
        self.redactor = redactor
        self.fence = fence
        let keyed = done.map { (ActionKey(path: $0.path, index: $0.index), $0) }
        state = Mutex(State(done: Dictionary(keyed) { _, last in last }))
    }

    /// What an earlier process left of an action.
    ///
    /// It is given once: a second time the action is done again.
    func take(_ key: ActionKey) -> ActionRecord? {
        state.withLock { $0.done.isEmpty ? nil : $0.done.removeValue(forKey: key) }
    }

    /// Whether an earlier process left something that this one has not come to yet.
    var isRestoring: Bool { state.withLock { !$0.done.isEmpty } }

    /// How far an earlier process came with an action that this one has not come to yet.
    func status(of key: ActionKey) -> ActionStatus? { state.withLock { $0.done[key]?.status } }

    /// Whether an earlier process has completed an action that this one has not come to yet.
    func holds(_ key: ActionKey) -> Bool { status(of: key) == .succeeded }

    /// Keeps a record until the next `flush`, or until the run ends.
    func add(_ record: consuming ActionRecord) {
        let additions = redactor.additions
        let record = marked(record)
        state.withLock { state in
            state.markedAt = state.markedAt ?? additions
            state.waiting.append(record)
        }
    }

    /// Whether nothing was learnt since the secrets of all that waits were marked.
    var areMarksComplete: Bool { state.withLock { $0.markedAt } == redactor.additions }

    /// A record with the secrets in its result marked.
    func marked(_ record: consuming ActionRecord) -> ActionRecord {
        if let result = record.result { record.secrets = redactor.secrets(in: result) }
        return record
    }

    /// Makes a record durable now.
    func complete(_ record: ActionRecord) async throws(Exit) {
        try await write(marked(record))
    }

    private func write(_ record: ActionRecord) async throws(Exit) {
        do {
            try await store.complete(record, fence: fence)
        } catch {
            throw .store(error)
        }
    }

    /// Makes a record durable in place of those inside it, which are not needed any more.
    func replace(_ inner: InnerActions, by record: ActionRecord) async throws(Exit) {
        let removed = state.withLock { state in
            let isInner = { (record: ActionRecord) in inner.contains(path: record.path, index: record.index) }
            defer { state.waiting.removeAll(where: isInner) }
            return state.waiting.filter(isInner)
        }
        // That an item was done is remembered longer than its record.
        for record in removed where record.doneItem != nil { try await write(record) }
        do {
            try await store.complete(marked(record), insteadOf: inner, fence: fence)
        } catch {
            throw .store(error)
        }
    }

    /// Makes all that waits durable.
    func flush() async throws(Exit) {
        let waiting = takeWaiting()
        for (position, record) in waiting.enumerated() {
            do {
                try await write(record)
            } catch {
                // What did not get there goes with the end of the run, if the store takes that.
                state.withLock { $0.waiting.insert(contentsOf: waiting[position...], at: 0) }
                throw error
            }
        }
    }

    /// Notes that an action whose effect cannot be repeated is under way.
    func begin(_ record: ActionRecord) async throws(Exit) {
        do {
            try await store.begin(marked(record), fence: fence)
        } catch {
            throw .store(error)
        }
    }

    /// The records that go with the end of the run.
    func takeWaiting() -> [ActionRecord] {
        state.withLock { state in
            defer {
                state.waiting.removeAll()
                state.markedAt = nil
            }
            return state.waiting
        }
    }
}
