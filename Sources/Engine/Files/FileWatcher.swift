@preconcurrency import Dispatch
import Glibc
import Synchronization

/// Tells when files in watched directories change (inotify(7)), once per burst of changes.
final class FileWatcher: Sendable {
    private struct State {
        /// Directories by watch number.
        var directories: [Int32: String] = [:]
    }

    /// One element per burst; while nobody takes it, further bursts are the same element.
    let changes: AsyncStream<Void>

    private let descriptor: Int32
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "runner.files")
    // Sendable in fact: sources may be scheduled and cancelled from any thread.
    private let source: any DispatchSourceRead
    private let quiet: any DispatchSourceTimer

    /// Editors write a file in several steps; this long nothing must have happened.
    private static let debounce = DispatchTimeInterval.milliseconds(100)
    private static let events =
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
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        changes = stream
        let quiet = DispatchSource.makeTimerSource(queue: queue)
        quiet.setEventHandler { @Sendable in continuation.yield() }
        quiet.schedule(wallDeadline: .distantFuture)
        quiet.activate()
        self.quiet = quiet
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { @Sendable in
            if Self.readEvents(descriptor, interest) { quiet.schedule(deadline: .now() + Self.debounce) }
        }
        source.setCancelHandler { @Sendable in close(descriptor) }
        source.activate()
    }

    deinit {
        source.cancel()
        quiet.cancel()
    }

    /// Watches these directories and no others.
    ///
    /// Says whether there are new ones, in which files may have appeared unseen.
    func watch(_ directories: [String]) -> Bool {
        state.withLock { state in
            let wanted = Set(directories)
            for (number, directory) in state.directories where !wanted.contains(directory) {
                inotify_rm_watch(descriptor, number)
                state.directories[number] = nil
            }
            var hasNew = false
            for directory in directories {
                // A directory that was replaced has a new number; for a known one the call changes nothing.
                let number = inotify_add_watch(descriptor, directory, Self.events)
                guard number >= 0, state.directories.updateValue(directory, forKey: number) == nil else { continue }
                hasNew = true
            }
            return hasNew
        }
    }

    /// Reads all that is there; whether any of it is of interest.
    private static func readEvents(_ descriptor: Int32, _ interest: Interest) -> Bool {
        var isRelevant = false
        let header = MemoryLayout<inotify_event>.size
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: MemoryLayout<inotify_event>.alignment) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                var offset = 0
                while offset + header <= count {
                    let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let nameBytes = buffer[(offset + header)..<min(count, offset + header + Int(event.len))]
                    let name = String(decoding: nameBytes.prefix { $0 != 0 }, as: UTF8.self)
                    if concerns(event.mask, name, interest) { isRelevant = true }
                    offset += header + Int(event.len)
                }
            }
        }
        return isRelevant
    }

    private static func concerns(_ mask: UInt32, _ name: String, _ interest: Interest) -> Bool {
        // Lost events may have been anything.
        if mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
        if mask & UInt32(IN_IGNORED) != 0 { return false }
        if name.hasPrefix(".") { return false }
        if case .everything = interest { return true }
        return mask & UInt32(IN_ISDIR) != 0 || name.hasSuffix(".yml") || name.hasSuffix(".yaml")
    }
}
