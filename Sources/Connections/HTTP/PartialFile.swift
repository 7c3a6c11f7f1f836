import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Where the body of a response is saved.
public struct SaveTarget: Sendable, Hashable {
    /// The file; it has this name only when it is complete.
    public let path: String
    /// What it is called until then, in the same directory.
    public let temporaryPath: String

    /// A target.
    ///
    /// - Parameter mark: makes the temporary name this action's own. The same on every attempt, so that the rest of a killed process is written over.
    public init(path: String, mark: String) {
        self.path = path
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let directory = path[..<slash]
        temporaryPath = "\(directory)/.runner-\(mark).part"
    }
}

/// A file that a response's body goes to; unless it is committed, nothing stays of it.
public final class PartialFile: Sendable {
    private struct State {
        /// Open until the end of this object: a piece may still be written when the exchange has failed.
        var descriptor: Int32?
        var bytes = 0
        var isComplete = false
        var isCommitted = false
        /// Nobody wants it any more: the exchange may fail before its file was opened on another thread.
        var isDiscarded = false
        /// Nothing is written: its response came from no server.
        var isPretended = false
    }

    /// Where it is saved.
    public let target: SaveTarget
    private let state = Mutex(State())

    init(_ target: SaveTarget) {
        self.target = target
    }

    deinit {
        discard()
        if let descriptor = state.withLock(\.descriptor) { close(descriptor) }
    }

    /// The length of the complete body.
    public var bytes: Int? { state.withLock { $0.isComplete ? $0.bytes : nil } }

    /// Begins the file anew, unless it was discarded; blocks.
    func open() throws(TransportError) {
        let path = target.temporaryPath
        try state.withLock { state throws(TransportError) in
            guard !state.isDiscarded else { return }
            unlink(path)
            // Nobody may have put a link there meanwhile.
            let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw Self.failure("create", target.path) }
            state.descriptor = descriptor
        }
    }

    /// Adds a piece of the body; blocks.
    func write(_ buffer: ByteBuffer, maxBytes: Int) throws(TransportError) {
        let (opened, before) = state.withLock { ($0.descriptor, $0.bytes) }
        guard let descriptor = opened else { return }
        guard before + buffer.readableBytes <= maxBytes else { throw .tooLarge(maxBytes) }
        let isWritten = buffer.withUnsafeReadableBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            return true
        }
        guard isWritten else { throw Self.failure("write", target.path) }
        state.withLock { $0.bytes = before + buffer.readableBytes }
    }

    /// Says that all is there, and makes it durable; blocks.
    func finish() throws(TransportError) {
        guard let descriptor = state.withLock(\.descriptor) else { return }
        // Before it gets its name: a name with nothing behind it would be the worst of both.
        guard fsync(descriptor) == 0 else { throw Self.failure("write", target.path) }
        state.withLock { $0.isComplete = true }
    }

    /// The first bytes of what was saved, at most `count`; none where nothing can be read back; blocks.
    func head(_ count: Int) -> [UInt8] {
        guard state.withLock({ $0.isComplete && !$0.isPretended }) else { return [] }
        let descriptor = Glibc.open(target.temporaryPath, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled)
                if read < 0, errno == EINTR { continue }
                guard read > 0 else { break }
                filled += read
            }
        }
    }

    /// Behaves as if so many bytes had been saved, without a file.
    func pretend(_ count: Int) {
        state.withLock { state in
            state.bytes = count
            state.isComplete = true
            state.isPretended = true
        }
    }

    /// Gives the file its name.
    ///
    /// Throws `file` when the system refuses; the rest is removed then.
    public func commit() throws(TransportError) {
        guard !state.withLock(\.isPretended) else { return }
        guard rename(target.temporaryPath, target.path) == 0 else {
            let failure = Self.failure("replace", target.path)
            discard()
            throw failure
        }
        state.withLock { $0.isCommitted = true }
        let slash = target.path.lastIndex(of: "/") ?? target.path.startIndex
        let path = slash == target.path.startIndex ? "/" : String(target.path[..<slash])
        let directory = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    /// Removes what there is of it, unless it was committed; from now on nothing comes into being.
    public func discard() {
        let (opened, isCommitted) = state.withLock { state in
            state.isDiscarded = true
            return (state.descriptor, state.isCommitted)
        }
        guard let descriptor = opened, !isCommitted else { return }
        // The next attempt may have put its own file there.
        var (own, present) = (stat(), stat())
        guard fstat(descriptor, &own) == 0, lstat(target.temporaryPath, &present) == 0,
            own.st_dev == present.st_dev, own.st_ino == present.st_ino
        else { return }
        unlink(target.temporaryPath)
    }

    private static func failure(_ verb: String, _ path: String) -> TransportError {
        let reason = String(cString: strerror(errno))
        return TransportError(.file, "cannot \(verb) `\(path)`: \(reason)")
    }
}

extension TransportError {
    /// The body is longer than it may be.
    static func tooLarge(_ limit: Int) -> TransportError {
        TransportError(.tooLarge, "the body is larger than \(limit) bytes; raise `max_bytes` if that is right")
    }
}
