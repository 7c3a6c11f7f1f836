@preconcurrency import Dispatch
import Glibc
import Store
import Synchronization

/// Tells when files in watched directories change, once per burst of changes.
final class FileWatcher: Sendable {
    /// One element per burst; while nobody takes it, further bursts are the same element.
    let changes: AsyncStream<Void>

    private let events: FileEvents
    /// Directories by the number of their watch.
    private let directories = Mutex<[Int32: String]>([:])
    // Sendable in fact: a timer source may be scheduled and cancelled from any thread.
    private let quiet: any DispatchSourceTimer

    /// Editors write a file in several steps; this long nothing must have happened.
    private static let debounce = DispatchTimeInterval.milliseconds(100)
    private static let changed =
        UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM) | UInt32(IN_CREATE) | UInt32(IN_DELETE)

    /// Which changes matter.
    enum Interest: Sendable {
        /// YAML files, and directories.
        case recipes
        /// All files, but none whose name begins with a dot.
        case everything
    }

    /// Nil where the kernel gives no watches; changes then take effect at the next start.
    init?(_ interest: Interest = .recipes) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let quiet = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "runner.quiet"))
        quiet.setEventHandler { @Sendable in continuation.yield() }
        quiet.schedule(wallDeadline: .distantFuture)
        quiet.activate()
        let events = FileEvents(label: "runner.files") { _, events in
            guard events.contains(where: { Self.concerns($0, interest) }) else { return }
            quiet.schedule(deadline: .now() + Self.debounce)
        }
        guard let events else { return nil }
        (self.events, self.quiet, changes) = (events, quiet, stream)
    }

    deinit { quiet.cancel() }

    /// Watches these directories and no others.
    ///
    /// Says whether there are new ones, in which files may have appeared unseen.
    func watch(_ wanted: [String]) -> Bool {
        directories.withLock { directories in
            let all = Set(wanted)
            for (number, directory) in directories where !all.contains(directory) {
                events.unwatch(number)
                directories[number] = nil
            }
            var hasNew = false
            for directory in wanted {
                // A directory that was replaced has a new number; for a known one the call changes nothing.
                guard let number = events.watch(directory, for: Self.changed),
                    directories.updateValue(directory, forKey: number) == nil
                else { continue }
                hasNew = true
            }
            return hasNew
        }
    }

    private static func concerns(_ event: FileEvents.Event, _ interest: Interest) -> Bool {
        // Lost events may have been anything.
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
        if event.mask & UInt32(IN_IGNORED) != 0 { return false }
        if event.name.hasPrefix(".") { return false }
        if case .everything = interest { return true }
        return event.mask & UInt32(IN_ISDIR) != 0 || event.name.hasSuffix(".yml") || event.name.hasSuffix(".yaml")
    }
}
