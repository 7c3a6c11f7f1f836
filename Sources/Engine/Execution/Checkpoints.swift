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

    /// The actions around this one, and those with all their items, as far as one is known from the other.
    fileprivate var outward: [ActionKey] {
        let paths = sequence(first: path[...], next: { $0.without(last: "/") })
        let indexes = sequence(first: index[...], next: { $0.isEmpty ? nil : $0.without(last: ".") ?? "" })
        return paths.flatMap { path in indexes.map { ActionKey(path: String(path), index: String($0)) } }
            .filter { $0 != self }
    }
}

extension Substring {
    /// What is before the last separator; nil when there is none.
    fileprivate func without(last separator: Character) -> Substring? {
        lastIndex(of: separator).map { self[..<$0] }
    }
}

/// What a run has done: the records of an earlier process that it goes on after, and those that are not durable yet.
///
/// A record waits for the next action with an effect, or for the end of the run, whichever comes first: so a run of one action costs no transaction of
/// its own, and an action that is lost in a crash is one whose effect can be had again. Beside other actions, where that may be far, a record is made durable
/// at once; that of an action which may be done again without changing anything goes to a scribe, who writes it within milliseconds together with others.
final class Checkpoints: Sendable {
    /// When a record becomes durable.
    enum Durability {
        /// With the next action that has an effect, or with the end of the run.
        case later
        /// Within milliseconds, or before the next action that has an effect.
        case soon
        case atOnce
    }

    /// Records that are written together.
    private struct Batch {
        let records: [ActionRecord]
        let markedAt: Int?
        /// How many had been added when it was taken: all of them are durable with it.
        let end: Int
    }

    private struct State {
        var done: [ActionKey: ActionRecord]
        /// Actions inside which an earlier process has done something.
        var entered: Set<ActionKey>
        var waiting: [ActionRecord] = []
        /// What the redactor had learnt when the secrets of the oldest that waits were marked.
        var markedAt: Int?
        /// How many records were ever added, or taken back.
        var added = 0
        /// How many of them, from the first, are durable or have gone with the end of the run.
        var settled = 0
        /// A batch is being written; there is one at a time, so that what is written later is also later in the store.
        var isWriting = false
        /// Who goes on when that batch is written, or is not.
        var attendants: [CheckedContinuation<Void, Never>] = []
        /// Writes what waits until there is nothing or it is cancelled; there is one at a time.
        var scribe: Task<Void, Never>?
        /// Why the last scribe could not.
        var failure: Exit?

        mutating func add(_ record: consuming ActionRecord, markedAt additions: Int) {
            markedAt = min(markedAt ?? additions, additions)
            waiting.append(record)
            added += 1
        }

        mutating func takeWaiting() -> Batch {
            defer {
                waiting.removeAll()
                markedAt = nil
            }
            return Batch(records: waiting, markedAt: markedAt, end: added)
        }

        /// What could not be written goes with the next attempt, or with the end of the run.
        mutating func takeBack(_ batch: Batch) {
            waiting.insert(contentsOf: batch.records, at: 0)
            added += batch.records.count
            markedAt = batch.markedAt ?? markedAt
        }
    }

    /// So many records wait for a scribe at most.
    private static let longestQueue = 256
    /// Between two commits of a scribe, when the first had more than a few records.
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
        let entered = Set(keyed.flatMap(\.0.outward))
        state = Mutex(State(done: Dictionary(keyed) { _, last in last }, entered: entered))
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

    /// Whether an earlier process has done something inside an action; it is said once.
    func takeEntry(_ key: ActionKey) -> Bool {
        state.withLock { !$0.entered.isEmpty && $0.entered.remove(key) != nil }
    }

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
            if state.failure == nil, state.scribe == nil { state.scribe = Task { await self.writeSoon() } }
            return (state.failure, state.waiting.count >= Self.longestQueue)
        }
        if let failure { throw failure }
        if isMuch { try await flush() }
    }

    private func writeSoon() async {
        while true {
            let count = state.withLock { state in
                let count = Task.isCancelled ? 0 : state.waiting.count
                if count == 0 { state.scribe = nil }
                return count
            }
            if count == 0 { return }
            do {
                try await flush()
            } catch {
                return state.withLock { state in
                    state.failure = error
                    state.scribe = nil
                }
            }
            // Who attended goes on before the next batch.
            if count > Self.pause.after { try? await Task.sleep(for: Self.pause.length) } else { await Task.yield() }
        }
    }

    /// Whether nothing was learnt since the secrets of all that waits were marked.
    var areMarksComplete: Bool { state.withLock { $0.markedAt } == redactor.additions }

    /// A record with the secrets in its result marked.
    func marked(_ record: consuming ActionRecord) -> ActionRecord {
        if let result = record.result { record.secrets = redactor.secrets(in: result) }
        return record
    }

    /// Makes a record durable now, and before it what it may have been made from.
    func complete(_ record: ActionRecord) async throws(Exit) {
        add(record)
        try await flush()
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
        var removed: Batch?
        while removed == nil {
            removed = state.withLock { state in
                // What is being written may come back.
                if state.isWriting { return nil }
                defer { state.waiting.removeAll(where: isInner) }
                return Batch(records: state.waiting.filter(isInner), markedAt: state.markedAt, end: state.added)
            }
            if removed == nil { await attend() }
        }
        guard let removed else { return }
        do {
            // That an item was done is remembered longer than its record.
            try await write(removed.records.filter { $0.doneItem != nil })
            try await write(marked(record), insteadOf: inner)
        } catch {
            state.withLock { $0.takeBack(removed) }
            throw error
        }
    }

    /// Lets the actions inside another one be done from their beginning: what was done of them counts no more.
    func restart(_ inner: InnerActions, by record: ActionRecord) async throws(Exit) {
        try await flush()
        try await replace(inner, by: record)
        state.withLock { state in
            if state.done.isEmpty, state.entered.isEmpty { return }
            state.done = state.done.filter { !inner.contains(path: $0.key.path, index: $0.key.index) }
            state.entered = state.entered.filter { !inner.contains(path: $0.path, index: $0.index) }
        }
    }

    private func write(_ record: ActionRecord, insteadOf inner: InnerActions) async throws(Exit) {
        do {
            try await store.complete(record, insteadOf: inner, fence: fence)
        } catch {
            throw .store(error)
        }
    }

    /// Makes durable all that was added before.
    func flush() async throws(Exit) {
        let end = state.withLock(\.added)
        while true {
            let (batch, isDone) = state.withLock { state -> (Batch?, Bool) in
                if state.settled >= end { return (nil, true) }
                if state.isWriting { return (nil, false) }
                state.isWriting = true
                return (state.takeWaiting(), false)
            }
            if isDone { return }
            if let batch { try await write(batch) } else { await attend() }
        }
    }

    /// Writes a batch and lets those go on who attend.
    private func write(_ batch: Batch) async throws(Exit) {
        let failure: Exit?
        do {
            try await write(batch.records)
            failure = nil
        } catch {
            failure = error
        }
        let attendants = state.withLock { state in
            state.isWriting = false
            if failure == nil { state.settled = batch.end } else { state.takeBack(batch) }
            defer { state.attendants.removeAll() }
            return state.attendants
        }
        for attendant in attendants { attendant.resume() }
        if let failure { throw failure }
    }

    /// Waits until the batch that is being written is written, or is not.
    private func attend() async {
        await withCheckedContinuation { attendant in
            let isOver = state.withLock { state in
                if state.isWriting { state.attendants.append(attendant) }
                return !state.isWriting
            }
            if isOver { attendant.resume() }
        }
    }

    /// Makes durable all that was added, and ends the scribe; to be called where no action goes on beside another any more.
    func settle() async throws(Exit) {
        if let scribe = state.withLock(\.scribe) {
            scribe.cancel()
            await scribe.value
        }
        // The next attempt says whether it still fails.
        state.withLock { $0.failure = nil }
        try await flush()
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
            state.settled = state.added
            return state.takeWaiting().records
        }
    }
}
