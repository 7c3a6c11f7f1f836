import Foundation

/// A file that is written as the store's log is, and nothing else: what a commit costs the disk.
final class Disk {
    private let descriptor: CInt
    private var offset = 0

    /// What the end of a run of one action appends to the log: six pages, each with its header.
    private static let frames = [UInt8](repeating: 0xA5, count: 6 * (4_096 + 24))
    /// As long as the store lets its log become, before it begins again at its start.
    private static let length = 4_000 * (4_096 + 24)

    struct Failure: Error {
        let code: CInt
    }

    init(path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw Failure(code: errno) }
    }

    deinit { close(descriptor) }

    /// Writes, and returns when that is durable.
    func write() throws {
        if offset + Self.frames.count > Self.length { offset = 0 }
        guard pwrite(descriptor, Self.frames, Self.frames.count, off_t(offset)) == Self.frames.count,
            fdatasync(descriptor) == 0
        else { throw Failure(code: errno) }
        offset += Self.frames.count
    }
}
