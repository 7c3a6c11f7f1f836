import Synchronization

/// The system's compiled tz database, and what of it this process has read.
enum ZoneDatabase {
    private struct Entry {
        var path: String
        var stamp: FileBytes.Stamp
        var rules: ZoneRules
    }

    private struct Contents {
        /// By path, not by name: `TZDIR` may change.
        var entries: [String: Entry] = [:]
        var names: (directory: String, names: [String])?
    }

    private static let contents = Mutex(Contents())

    /// The names of UTC, which must work on a machine without a database.
    private static let utcNames: Set<String> = [
        "UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal",
    ]

    /// The directory that holds the files.
    static var directory: String {
        if let directory = environmentVariable("TZDIR"), !directory.isEmpty { return directory }
        return usualDirectories.first(where: FileBytes.isDirectory) ?? usualDirectories[0]
    }

    /// Where distributions keep it; Debian's place is the first.
    private static let usualDirectories = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"]

    static func rules(named name: String) throws(ZoneError) -> ZoneRules {
        try rules(named: name, in: directory)
    }

    static func rules(named name: String, in directory: String) throws(ZoneError) -> ZoneRules {
        if utcNames.contains(name) { return .utc }
        guard isPlausible(name) else { throw unknown(name, in: directory) }
        let path = directory + "/" + name
        if let known = contents.withLock({ $0.entries[path]?.rules }) { return known }
        guard let file = FileBytes.read(path) else { throw unknown(name, in: directory) }
        let entry = try entry(file, path: path, name: name)
        return contents.withLock { contents in
            // Whoever read it first wins, so that all zones of a name share one set of rules.
            if let known = contents.entries[path] { return known.rules }
            contents.entries[path] = entry
            return entry.rules
        }
    }

    /// The rules of a file outside the database, such as an `/etc/localtime` that is no link.
    static func rules(ofFile path: String) throws(ZoneError) -> ZoneRules {
        guard let file = FileBytes.read(path) else {
            throw ZoneError(.unreadable, "the time zone file \(path) cannot be read")
        }
        return try entry(file, path: path, name: path).rules
    }

    private static func entry(
        _ file: (bytes: [UInt8], stamp: FileBytes.Stamp),
        path: String,
        name: String
    ) throws(ZoneError) -> Entry {
        guard let content = TZif(file.bytes) else {
            throw ZoneError(
                .unreadable,
                "the time zone file of \(name) is damaged or of a kind that is not supported (\(path))",
                help: "install the Debian package tzdata again"
            )
        }
        let fingerprint = StableHash.fnv1a64(file.bytes)
        return Entry(path: path, stamp: file.stamp, rules: ZoneRules(content, fingerprint: fingerprint))
    }

    /// Reads again what changed on disk; the names of the zones whose rules are now others.
    static func reload() -> [String] {
        let known = contents.withLock { contents in
            contents.names = nil
            return contents.entries
        }
        let directory = directory + "/"
        var changed: [String] = []
        for (path, old) in known where FileBytes.stamp(of: path) != old.stamp {
            let name = path.hasPrefix(directory) ? String(path.dropFirst(directory.count)) : path
            // A file that is gone or half written keeps its last good rules: the next reload looks again.
            guard let file = FileBytes.read(path), let new = try? entry(file, path: path, name: name) else { continue }
            contents.withLock { contents in
                if new.rules.fingerprint == old.rules.fingerprint {
                    contents.entries[path]?.stamp = new.stamp
                } else {
                    contents.entries[path] = new
                    changed.append(name)
                }
            }
        }
        return changed.sorted()
    }

    /// The names that a person may use, from the database's own lists.
    static func names(in directory: String) -> [String] {
        if let known = contents.withLock({ $0.names }), known.directory == directory { return known.names }
        let names = ZoneNames.read(from: directory)
        contents.withLock { $0.names = (directory, names) }
        return names
    }

    private static func unknown(_ name: String, in directory: String) -> ZoneError {
        let names = names(in: directory)
        guard !names.isEmpty else { return .noDatabase(at: directory) }
        let suggestion = ZoneNames.suggestion(for: name, among: names)
        return ZoneError(
            .unknownName,
            name.isEmpty ? "the time zone is empty" : "unknown time zone \"\(name)\"",
            suggestion: suggestion,
            help: suggestion.map { "did you mean \($0)?" }
                ?? "write a name of the tz database, such as Europe/Paris or UTC"
        )
    }

    /// A name stays inside the database: relative, without dots, and none of the `right/` zones, which count leap
    /// seconds.
    private static func isPlausible(_ name: String) -> Bool {
        guard let first = name.utf8.first, first | 0x20 >= UInt8(ascii: "a"), first | 0x20 <= UInt8(ascii: "z"),
            !name.hasPrefix("right/"), !name.hasPrefix("posix/")
        else { return false }
        return name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "/_+-".utf8.contains(byte)
        }
    }
}

extension Zone {
    /// Looks at the database on disk again; the names of the zones, used before in this process, whose rules are now
    /// others.
    ///
    /// Zones made before keep their rules; ask `refreshed()` for the new ones. It costs one `stat` per zone in use.
    public static func reloadDatabase() -> [String] {
        ZoneDatabase.reload()
    }

    /// This zone with the rules that are now in the database; the zone itself when it is no longer there or has not
    /// changed.
    public func refreshed() -> Zone {
        (try? ZoneDatabase.rules(named: name)).map { Zone(name: name, rules: $0) } ?? self
    }

    /// The names that the database lists, sorted; empty without a database.
    public static func names() -> [String] {
        ZoneDatabase.names(in: ZoneDatabase.directory)
    }

    /// The release of the database, such as `2025b`, where it says so.
    public static var databaseVersion: String? {
        ZoneNames.version(in: ZoneDatabase.directory)
    }
}
