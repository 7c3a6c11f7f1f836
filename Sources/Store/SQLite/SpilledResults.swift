import Foundation
import Glibc
import Synchronization

/// Large sealed values of runs, each in a file of its own beside the store: `STORE-results/RUN/NAME`.
///
/// A row holds the name in place of the value. The file is durable before its row is written, is never changed, and goes with its run. What a row no longer
/// names goes at once where this process wrote it, else with the run.
final class SpilledResults: Sendable {
    /// Sealed values of more bytes are kept in files: 256 KiB, beyond which a database page by page is slower than a file.
    static let bound = 256 * 1024
    /// The first byte of what a row holds in place of a value; sealed values begin with 1.
    private static let mark: UInt8 = 2

    /// A value of one run's record.
    private struct Key: Hashable {
        let path: String
        let index: String
    }

    private let directory: String
    private let store: String
    /// The files that rows of live runs name, as far as this process wrote them.
    private let names = Mutex<[RunID: [Key: String]]>([:])

    /// - Parameter store: the store's file.
    init(store: String) {
        self.store = store
        directory = store + "-results"
    }

    /// Whether a row's value is the name of a file.
    static func isReference(_ sealed: Data) -> Bool { sealed.first == mark }

    // MARK: Writing

    /// Writes a value, and gives what its row holds instead; blocks until it is durable.
    func write(_ sealed: [UInt8], of run: RunID) throws(StoreError) -> Data {
        let folder = "\(directory)/\(run)"
        try make(directory)
        try make(folder)
        let name = String(UInt64.random(in: .min ... .max), radix: 16)
        let path = "\(folder)/\(name)"
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(errno, path) }
        defer { close(file) }
        do throws(StoreError) {
            var rest = sealed[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure(errno, path) }
                rest = rest.dropFirst(count)
            }
            guard fsync(file) == 0 else { throw failure(errno, path) }
            // The name, too, must outlive a power cut.
            try sync(folder)
        } catch {
            unlink(path)
            throw error
        }
        return Data([Self.mark] + name.utf8)
    }

    /// Says which files rows name now, after their transaction; what they named before goes.
    func note(_ rows: [ActionRow], of run: RunID) {
        for row in rows { note(row.result, of: run, path: row.action.path, index: row.action.index) }
    }

    private func note(_ value: Data?, of run: RunID, path: String, index: String) {
        let new = value.flatMap { Self.isReference($0) ? Self.name($0) : nil }
        let old = names.withLock { names -> String? in
            guard new != nil || names[run] != nil else { return nil }
            let key = Key(path: path, index: index)
            let old = names[run]?[key]
            if let new { names[run, default: [:]][key] = new } else { names[run]?[key] = nil }
            return old
        }
        if let old, old != new { unlink("\(directory)/\(run)/\(old)") }
    }

    /// Says that the rows of these actions are gone.
    func note(removed inner: InnerActions, of run: RunID) {
        let old = names.withLock { names -> [String] in
            guard let known = names[run] else { return [] }
            let removed = known.filter { inner.contains(path: $0.key.path, index: $0.key.index) }
            for key in removed.keys { names[run]?[key] = nil }
            return Array(removed.values)
        }
        for name in old { unlink("\(directory)/\(run)/\(name)") }
    }

    /// Says that a run has ended: its files stay, and nothing replaces them.
    func noteEnd(of run: RunID) { names.withLock { _ = $0.removeValue(forKey: run) } }

    // MARK: Reading

    /// The sealed value that a row names.
    func read(_ reference: Data, of run: RunID) throws(StoreError) -> [UInt8] {
        let path = "\(directory)/\(run)/\(Self.name(reference))"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StoreError.other(
                path: store,
                detail:
                    "the file \(path), which holds a result of the run \(run), is gone or cannot be read; restore it from a backup, or `runner rerun \(run)`"
            )
        }
        return [UInt8](data)
    }

    // MARK: Removing

    /// The runs that have files.
    func runs() -> [RunID] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: directory)
        // Most stores have no such directory.
        return (names ?? []).compactMap { RunID($0) }
    }

    /// Removes the files of runs.
    func remove(_ runs: [RunID]) {
        guard access(directory, F_OK) == 0 else { return }
        for run in runs {
            let folder = "\(directory)/\(run)"
            // Most runs have none.
            guard access(folder, F_OK) == 0 else { continue }
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Removes the file that a row named before.
    func remove(_ reference: Data, of run: RunID) { unlink("\(directory)/\(run)/\(Self.name(reference))") }

    private static func name(_ reference: Data) -> String {
        String(decoding: reference.dropFirst().filter { $0 != UInt8(ascii: "/") }, as: UTF8.self)
    }

    private func make(_ directory: String) throws(StoreError) {
        if mkdir(directory, 0o700) == 0 {
            let slash = directory.lastIndex(of: "/") ?? directory.startIndex
            try sync(slash == directory.startIndex ? "." : String(directory[..<slash]))
        } else if errno != EEXIST {
            throw failure(errno, directory)
        }
    }

    private func sync(_ directory: String) throws(StoreError) {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw failure(errno, directory) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure(errno, directory) }
    }

    private func failure(_ code: Int32, _ path: String) -> StoreError {
        switch code {
        case ENOSPC, EDQUOT: .full(path: path)
        case EROFS, EACCES, EPERM: .readOnly(path: path)
        default: .device(path: path, detail: String(cString: strerror(code)))
        }
    }
}

extension SealedPlace {
    /// The run whose large values are kept in files; nil for values that always stay in their rows.
    var spillingRun: RunID? {
        switch self {
        case .output(let run), .result(let run, _, _): run
        case .inputs, .state, .bag, .secret: nil
        }
    }
}
