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
/// its own, and an action that is lost in a crash is one whose effect can be had again. Beside other actions, where that may be far, a record is made durable
/// at once; that of a request which changes nothing within milliseconds, together with others, and nobody waits for it.
final class Checkpoints: Sendable {
    /// When a record becomes durable.
    enum Durability {
        /// With the next action that has an effect, or with the end of the run.
        case later
        /// Within milliseconds.
        case soon
        case atOnce
    }

    private struct State {
        var done: [ActionKey: ActionRecord]
        var waiting: [ActionRecord] = []
        /// What the redactor had learnt when the secrets of the oldest that waits were marked.
        var markedAt: Int?
        /// Writes what waits, until there is nothing or it is cancelled; there is one at a time.
        ///
        /// Gives whether it succeeded.
        var scribe: Task<Bool, Never>?
        /// Why the last scribe did not.
        var failure: Exit?

        mutating func add(_ record: consuming ActionRecord, markedAt additions: Int) {
            markedAt = markedAt ?? additions
            waiting.append(record)
        }

        mutating func takeWaiting() -> [ActionRecord] {
            defer {
                waiting.removeAll()
                markedAt = nil
            }
            return waiting
        }

        /// What could not be written goes with the next attempt, or with the end of the run.
        mutating func takeBack(_ records: [ActionRecord]) { waiting.insert(contentsOf: records, at: 0) }
    }

    /// So many records wait for a scribe at most.
    private static let longestQueue = 256
    /// Between two commits of a scribe, where more than a few records came meanwhile: what a crash may cost of requests that change nothing.
    private static let pause = (length: Duration.milliseconds(5), after: 4)

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

    /// Keeps a record until it is durable.
    ///
    /// Throws when it could not be made durable at once, or an earlier one soon.
    func keep(_ record: consuming ActionRecord, _ durability: Durability) async throws(Exit) {
        switch durability {
        case .later: add(record)
        case .soon: try await addSoon(record)
        case .atOnce: try await complete(record)
        }
    }

    /// Keeps a record until the next `flush`, or until the run ends.
    func add(_ record: consuming ActionRecord) {
        let additions = redactor.additions
        let record = marked(record)
        state.withLock { $0.add(record, markedAt: additions) }
    }

    private func addSoon(_ record: consuming ActionRecord) async throws(Exit) {
        let additions = redactor.additions
        let record = marked(record)
        let (failure, isMuch) = state.withLock { state in
            state.add(record, markedAt: additions)
            if state.failure == nil, state.scribe == nil { state.scribe = scribe() }
            return (state.failure, state.waiting.count >= Self.longestQueue)
        }
        if let failure { throw failure }
        if isMuch { try await flush() }
    }

    private func scribe() -> Task<Bool, Never> { Task { await self.writeWaiting() } }

    private func writeWaiting() async -> Bool {
        while true {
            let batch = state.withLock { state -> [ActionRecord] in
                guard !state.waiting.isEmpty, !Task.isCancelled else {
                    state.scribe = state.waiting.isEmpty ? nil : scribe()
                    return []
                }
                return state.takeWaiting()
            }
            guard !batch.isEmpty else { return true }
            do {
                try await write(batch)
            } catch {
                state.withLock { state in
                    state.takeBack(batch)
                    state.failure = error
                    state.scribe = nil
                }
                return false
            }
            if batch.count > Self.pause.after { try? await Task.sleep(for: Self.pause.length) }
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
        try await write([marked(record)])
    }

    private func write(_ records: [ActionRecord]) async throws(Exit) {
        guard let run = records.first?.run else { return }
        do {
            try await store.complete(records, of: run, fence: fence)
        } catch {
            throw .store(error)
        }
    }

    /// Makes a record durable in place of those inside it, which are not needed any more.
    func replace(_ inner: InnerActions, by record: ActionRecord) async throws(Exit) {
        let isInner = { (record: ActionRecord) in inner.contains(path: record.path, index: record.index) }
        var removed: [ActionRecord] = []
        repeat {
            state.withLock { state in
                removed += state.waiting.filter(isInner)
                state.waiting.removeAll(where: isInner)
            }
        } while await !settle()
        // That an item was done is remembered longer than its record.
        try await write(removed.filter { $0.doneItem != nil })
        do {
            try await store.complete(marked(record), insteadOf: inner, fence: fence)
        } catch {
            throw .store(error)
        }
    }

    /// Makes all that waits durable, and what was added before and is being written.
    func flush() async throws(Exit) {
        while true {
            let waiting = state.withLock { state in
                state.failure = nil
                return state.takeWaiting()
            }
            do {
                try await write(waiting)
            } catch {
                state.withLock { $0.takeBack(waiting) }
                throw error
            }
            if await settle() { return }
        }
    }

    /// Waits until what a scribe has taken is written; false when it could not be, and waits again.
    private func settle() async -> Bool {
        guard let scribe = state.withLock(\.scribe) else { return true }
        // It begins no other batch, for which this would have to wait as well.
        scribe.cancel()
        return await scribe.value
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
    func takeWaiting() -> [ActionRecord] { state.withLock { $0.takeWaiting() } }
}
