import Glibc

/// The database file and its directory, before SQLite sees them.
///
/// The file itself is never opened here: closing any descriptor of it would give up the POSIX locks that another connection of this process holds on it.
struct StoreFile {
    let path: String

    init(_ path: String) { self.path = path }

    var exists: Bool { access(path, F_OK) == 0 }

    private var directory: String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// Makes the file (for its owner only) and its directory where they are missing.
    func makeIfAbsent() throws(StoreError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw StoreError.unreachable(path: path, detail: "it is not a file")
            }
            return
        }
        if errno == ENOENT { try makeDirectory(directory) }
        guard mknod(path, S_IFREG | 0o600, 0) == 0 || errno == EEXIST else { throw failure(errno) }
    }

    /// Does `body` while no other process makes or migrates a store in this directory.
    func whileLocked(_ body: () throws -> Void) throws {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw failure(errno) }
        defer { close(file) }
        guard flock(file, LOCK_EX) == 0 else { throw failure(errno) }
        try body()
    }

    /// Makes a directory that only its owner can enter, and that version control leaves alone; one that is there already is not touched.
    private func makeDirectory(_ directory: String) throws(StoreError) {
        guard !directory.isEmpty else { return }
        if mkdir(directory, 0o700) != 0 {
            if errno == EEXIST { return }
            guard errno == ENOENT, let slash = directory.lastIndex(of: "/") else { throw failure(errno) }
            try makeDirectory(String(directory[..<slash]))
            guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw failure(errno) }
        }
        let file = open(directory + "/.gitignore", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        guard write(file, "*\n", 2) == 2 else { throw failure(errno) }
    }

    private func failure(_ code: Int32) -> StoreError {
        switch code {
        case EROFS, EACCES, EPERM: .readOnly(path: path)
        case ENOSPC, EDQUOT: .full(path: path)
        default: .unreachable(path: path, detail: String(cString: strerror(code)))
        }
    }
}
