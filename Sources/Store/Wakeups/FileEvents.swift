@preconcurrency import Dispatch
import Glibc

/// What the kernel tells of watched files and directories (inotify(7)), for as long as this lives.
public final class FileEvents: Sendable {
    /// One thing that happened.
    public struct Event: Sendable {
        /// What happened, as bits of inotify(7).
        public let mask: UInt32
        /// The file's name in the watched directory; empty when it is about the watched path itself.
        public let name: String
    }

    private let descriptor: Int32
    // Sendable in fact: only cancelled, which any thread may do.
    private let source: any DispatchSourceRead

    /// Nil where the kernel gives no watches.
    ///
    /// - Parameters:
    ///   - label: the name of the queue on which `react` is called.
    ///   - react: told of all that has happened since it was called last.
    public init?(label: String, react: @escaping @Sendable (FileEvents, [Event]) -> Void) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: DispatchQueue(label: label))
        source.setEventHandler { @Sendable [weak self] in
            guard let self else { return }
            react(self, Self.read(descriptor))
        }
        source.setCancelHandler { @Sendable in close(descriptor) }
        source.activate()
    }

    deinit { source.cancel() }

    /// Watches a path for these events; the number of the watch, which a path that is watched already keeps, or nil where it cannot be watched.
    public func watch(_ path: String, for events: UInt32) -> Int32? {
        let number = inotify_add_watch(descriptor, path, events)
        return number >= 0 ? number : nil
    }

    /// Ends a watch.
    public func unwatch(_ number: Int32) { inotify_rm_watch(descriptor, number) }

    private static func read(_ descriptor: Int32) -> [Event] {
        var events: [Event] = []
        let header = MemoryLayout<inotify_event>.size
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: MemoryLayout<inotify_event>.alignment) { buffer in
            while true {
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                var offset = 0
                while offset + header <= count {
                    let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let end = offset + header + Int(event.len)
                    let name = buffer[(offset + header)..<min(count, end)].prefix { $0 != 0 }
                    events.append(Event(mask: event.mask, name: String(decoding: name, as: UTF8.self)))
                    offset = end
                }
            }
        }
        return events
    }
}
