import GRDB

extension StoreError {
    /// What SQLite's or our own error means for the caller.
    ///
    /// Bound values are not part of it: GRDB keeps them out of its messages.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError:
            self.init(error, path: path)
        case is SealingError:
            self = .corrupt(path: path, detail: "a sealed value cannot be opened: damaged, or moved from another place")
        case let error as UnknownWord:
            self = .corrupt(path: path, detail: error.description)
        default:
            // Only the kind: the description of a decoding error quotes the row.
            self = .other(path: path, detail: "a \(type(of: error))")
        }
    }

    private init(_ error: DatabaseError, path: String) {
        let detail = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self = .locked(path: path)
        case .SQLITE_READONLY:
            self = .readOnly(path: path)
        case .SQLITE_FULL:
            self = .full(path: path)
        case .SQLITE_IOERR:
            // The shared-memory file of the WAL could not grow.
            let isFull = error.extendedResultCode == .SQLITE_IOERR_SHMSIZE
            self = isFull ? .full(path: path) : .device(path: path, detail: detail)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            self = .unreachable(path: path, detail: detail)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self = .corrupt(path: path, detail: detail)
        default:
            self = .other(path: path, detail: detail)
        }
    }
}
