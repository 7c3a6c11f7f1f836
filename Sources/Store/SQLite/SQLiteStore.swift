import CEL
import Foundation
import GRDB
import Schedule

/// The store in one SQLite file (write-ahead log, synchronous FULL), for any number of processes of one machine.
///
/// Idle, it writes nothing. Its writer groups what waits into one commit; reads run beside it.
public final class SQLiteStore: Store {
    /// The file, as messages name it.
    public let path: String

    let writer: Writer
    let reader: Reader
    let sealer: Sealer?
    let itemDigests = ItemDigests()
    /// Large results; nil for a store in memory, which keeps everything there.
    let spilled: SpilledResults?
    private let queue: DatabaseQueue
    private let wakeups: Wakeups

    init(path: String, queue: DatabaseQueue, sealer: Sealer?, reader: Reader) {
        self.path = path
        self.queue = queue
        self.sealer = sealer
        self.reader = reader
        writer = Writer(queue, path: path)
        // A database in memory has no path that others could know.
        wakeups = Wakeups(path: path == Self.memory ? nil : path + "-wakeup")
        spilled = path == Self.memory ? nil : SpilledResults(store: path)
    }

    /// What the path of a store in memory is.
    static let memory = ":memory:"

    /// Whether something is being written, or somebody waits for that.
    public var isWriting: Bool { writer.isBusy }

    /// See ``Store/notify()``.
    public func notify() { wakeups.notify() }

    /// See ``Store/notifications()``.
    public func notifications() -> AsyncStream<Void> { wakeups.stream() }

    /// Brings everything into the one file and closes it.
    ///
    /// Optional: a process may as well just end. The store is of no use afterwards.
    public func close() throws(StoreError) {
        do {
            try reader.close()
            try writer.close()
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Leaves the file as a process leaves it that ends: everything is durable, and nothing is written back.
    ///
    /// For a process that does little else: what closing writes would cost it as much as its run. The log stays for the next process.
    public func abandon() {
        // Kept from its deinitialiser, which closes.
        _ = Unmanaged.passRetained(queue)
    }

    // MARK: Sealed values

    /// Seals a value; done by the caller's task, not the writer's queue.
    func sealed(_ value: Value?, secrets: [String] = [], _ place: SealedPlace) throws(StoreError) -> Data? {
        guard let value else { return nil }
        guard let sealer else { throw StoreError.noKey(path: path) }
        let bytes: [UInt8]
        do {
            bytes = try sealer.seal(place.isJSON ? value.asJSONValue : value, secrets: secrets, context: place.context)
        } catch {
            throw StoreError(error, path: path)
        }
        guard bytes.count > SpilledResults.bound, let spilled, let run = place.spillingRun else { return Data(bytes) }
        return try spilled.write(bytes, of: run)
    }

    /// Opens a value that was stored at this place.
    func opened(_ sealed: Data?, _ place: SealedPlace) throws(StoreError) -> Value? {
        try openedMarked(sealed, place)?.value
    }

    /// Opens a value that was stored at this place, with what was said of the secrets in it.
    func openedMarked(_ sealed: Data?, _ place: SealedPlace) throws(StoreError) -> MarkedValue? {
        guard let sealed else { return nil }
        guard let sealer else { throw StoreError.noKey(path: path) }
        var bytes = [UInt8](sealed)
        if SpilledResults.isReference(sealed), let spilled, let run = place.spillingRun {
            bytes = try spilled.read(sealed, of: run)
        }
        do {
            return try sealer.openValue(bytes, context: place.context)
        } catch {
            throw StoreError(error, path: path)
        }
    }
}
