/// Why the store did not do what it was asked; nothing that was recorded before is lost by any of these.
///
/// Each description says what happened, to which file, and what to do. None holds a stored value.
public enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Another process held the database for longer than the store waits.
    case locked(path: String)
    /// The file or its directory cannot be written.
    case readOnly(path: String)
    /// No space is left (or a quota or size limit is reached).
    case full(path: String)
    /// The file system failed to read or write.
    case device(path: String, detail: String)
    /// The file cannot be opened or created.
    case unreachable(path: String, detail: String)
    /// Nothing was ever stored there (only when opened for reading).
    case missing(path: String)
    /// The file is no database, damaged, or not one of ours.
    case corrupt(path: String, detail: String)
    /// The store was sealed with another key; fingerprints, not keys.
    case wrongKey(path: String, stored: String, given: String)
    /// The key itself cannot be had: not found, malformed, not readable.
    case key(String)
    /// Sealed values were asked of a store that was opened without a key.
    case noKey(path: String)
    /// A newer version of runner has written the file.
    case newerSchema(path: String, found: Int, supported: Int)
    /// An older program made it, and nothing has brought it up to date yet (only when opened for reading).
    case olderSchema(path: String)
    /// The run is no longer the caller's: another node took it over, or it has ended. Stop working on it.
    case fenced(RunID)
    /// Several runs begin with this text.
    case ambiguous(prefix: String)
    /// Anything else.
    case other(path: String, detail: String)

    /// See ``Store/description``.
    public var description: String {
        switch self {
        case .locked(let path):
            "the store \(path) is locked by another process; try again, or find the process that holds it (`fuser \(path)`)"
        case .readOnly(let path):
            "the store \(path) is read-only; make the file and its directory writable for this user, or choose another with --store"
        case .full(let path):
            "no space is left to write the store \(path); free some space and try again (what was recorded before is intact)"
        case .device(let path, let detail):
            "reading or writing the store \(path) failed: \(detail); check the disk and the system log"
        case .unreachable(let path, let detail):
            "the store \(path) cannot be opened: \(detail); check the path and its permissions, or choose another with --store"
        case .missing(let path):
            "there is no store at \(path) yet; run a recipe first, or choose another with --store"
        case .corrupt(let path, let detail):
            "\(path) is not a usable store: \(detail); move it away to begin a new one, or restore a backup"
        case .wrongKey(let path, let stored, let given):
            "the store \(path) is sealed with key \(stored), but the key given is \(given); set RUNNER_KEY or the key file to the key it was made with"
        case .key(let detail):
            detail
        case .noKey(let path):
            "the store \(path) was opened without a key, so what is sealed in it cannot be read; give the key (RUNNER_KEY or the key file)"
        case .olderSchema(let path):
            "the store \(path) was made by an older runner, and the next `runner start` or `runner once` brings it up to date; do that first"
        case .newerSchema(let path, let found, let supported):
            "the store \(path) has schema \(found), this runner knows \(supported); use the newer runner that wrote it"
        case .fenced(let run):
            "run \(run) is no longer held here: another node took it over, or it has ended; nothing was written"
        case .ambiguous(let prefix):
            "several runs begin with \(prefix); write more of the id"
        case .other(let path, let detail):
            "the store \(path) failed: \(detail)"
        }
    }
}
