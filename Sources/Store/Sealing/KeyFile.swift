import Glibc

/// A file that holds the store's key, for its owner only.
struct KeyFile {
    let path: String

    init(_ path: String) { self.path = path }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// What stands in the file.
    struct Contents {
        let text: String
        let isReadableByOthers: Bool
    }

    /// Reads the file; nil when there is none.
    func read() throws(StoreError) -> Contents? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 {
            if errno == ENOENT { return nil }
            throw failure("cannot be read")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure("cannot be read") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw StoreError.key("the key file \(path) is not a file") }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { throw failure("cannot be read") }
        return Contents(
            text: String(decoding: bytes.prefix(count), as: UTF8.self),
            isReadableByOthers: status.st_mode & 0o077 != 0
        )
    }

    /// Makes the file with a new key, durable before anything is sealed with it.
    ///
    /// Several processes may try at once: one wins, all get its key.
    func create() throws(StoreError) -> SealingKey {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try makeDirectories(directory)
        let key = SealingKey()
        // Written whole under a name of its own, then linked: no reader ever sees half a key, and the loser of a race finds the winner's.
        let draft = "\(path).\(getpid()).\(RunID().text)"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("cannot be made") }
        defer { unlink(draft) }
        let text = Array((key.hexadecimalText + "\n").utf8)
        let isWritten = write(file, text, text.count) == text.count && fsync(file) == 0
        let writeError = errno
        close(file)
        guard isWritten else { throw failure("cannot be written", code: writeError) }
        guard link(draft, path) == 0 else {
            guard errno == EEXIST else { throw failure("cannot be made") }
            guard let winner = try read(), let key = SealingKey(winner.text) else {
                throw KeySource.malformed("the key file \(path)")
            }
            return key
        }
        try synchronize(directory)
        return key
    }

    private func makeDirectories(_ directory: String) throws(StoreError) {
        guard !directory.isEmpty, mkdir(directory, 0o700) != 0, errno != EEXIST else { return }
        guard errno == ENOENT, let slash = directory.lastIndex(of: "/") else { throw failure("cannot be made") }
        try makeDirectories(String(directory[..<slash]))
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw failure("cannot be made") }
    }

    private func synchronize(_ directory: String) throws(StoreError) {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw failure("cannot be made durable") }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure("cannot be made durable") }
    }

    private func failure(_ what: String, code: Int32 = errno) -> StoreError {
        .key("the key file \(path) \(what): \(String(cString: strerror(code))); mend that, or set RUNNER_KEY")
    }
}
