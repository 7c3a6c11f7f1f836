import Glibc
import Schedule

/// The directories of the tz database, which a package update changes file by file.
enum ZoneFiles {
    /// The database's own directory and those below it; names such as `America/Argentina/Salta` are the deepest.
    static func directories() -> [String] {
        let root = Zone.databaseDirectory
        let first = subdirectories(of: root)
        return [root] + first + first.flatMap(subdirectories)
    }

    private static func subdirectories(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var found: [String] = []
        while let entry = readdir(directory) {
            guard entry.pointee.d_type == DT_DIR else { continue }
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            // Copies of the whole database in other forms, which no zone is read from.
            if name.hasPrefix(".") || name == "posix" || name == "right" { continue }
            found.append(path + "/" + name)
        }
        return found.sorted()
    }
}
