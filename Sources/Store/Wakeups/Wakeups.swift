import Glibc
import Synchronization

/// Wakes those who listen on one store, in every process of the machine that has it open.
///
/// Between processes a small file beside the store is touched and watched (inotify(7)): a listener costs nothing while nobody calls, and the log of the
/// database, which changes with every commit, need not be watched.
final class Wakeups: Sendable {
    private struct State {
        var listeners: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var last: UInt64 = 0
        var watch: FileTouchWatch?
    }

    /// The file that is touched; nil keeps wake-ups inside the process.
    private let path: String?
    private let state = Mutex(State())

    init(path: String?) { self.path = path }

    /// Wakes everybody.
    func notify() {
        if let path { FileTouchWatch.touch(path) } else { yield() }
    }

    /// A stream of wake-ups.
    func stream() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            if let path, state.watch == nil { state.watch = FileTouchWatch(path) { [weak self] in self?.yield() } }
            state.last += 1
            state.listeners[state.last] = continuation
            return state.last
        }
        continuation.onTermination = { [weak self] _ in self?.remove(number) }
        return stream
    }

    private func yield() {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield() }
    }

    private func remove(_ number: UInt64) {
        // Released outside the lock: a watch that goes may end at once.
        let watch = state.withLock { state -> FileTouchWatch? in
            state.listeners[number] = nil
            guard state.listeners.isEmpty else { return nil }
            defer { state.watch = nil }
            return state.watch
        }
        _ = watch
    }
}

/// Tells when a file is touched, for as long as it lives.
private final class FileTouchWatch: Sendable {
    private let events: FileEvents

    /// Nil where the kernel gives no watches: wake-ups of other processes are then not heard.
    init?(_ path: String, react: @escaping @Sendable () -> Void) {
        let events = FileEvents(label: "runner.wakeups") { watch, events in
            // The watched file is gone: another takes its place.
            if events.contains(where: { $0.mask & UInt32(IN_IGNORED) != 0 }) { Self.begin(path, watch) }
            react()
        }
        guard let events else { return nil }
        self.events = events
        Self.begin(path, events)
    }

    private static func begin(_ path: String, _ events: FileEvents) {
        create(path)
        _ = events.watch(path, for: UInt32(IN_ATTRIB))
    }

    /// Sets the file's times to now.
    static func touch(_ path: String) {
        // Nobody can be listening to a file that is not there; whoever begins to looks into the store first.
        if utimensat(AT_FDCWD, path, nil, 0) != 0, errno == ENOENT { create(path) }
    }

    private static func create(_ path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if file >= 0 { close(file) }
    }
}
