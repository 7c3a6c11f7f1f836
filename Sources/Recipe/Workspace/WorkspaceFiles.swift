import Foundation

/// The files of a workspace, by what they are (DESIGN section 4).
public struct WorkspaceFiles: Sendable {
    /// The directory.
    public let root: String
    /// `connectors/*.yml`.
    public private(set) var connectors: [String] = []
    /// `connections/*.yml`.
    public private(set) var connections: [String] = []
    /// Every other YAML file, paths relative to the root and in order.
    public private(set) var recipes: [String] = []
    /// `*.test.yml`, in order.
    public private(set) var tests: [String] = []
    /// Directories that hold any of them, relative to the root: what a watcher watches.
    public private(set) var directories: [String] = []

    /// Lists a workspace's files.
    public init(root: String) {
        self.root = root
        visit("", isDeep: true, inside: [])
        recipes.sort()
        tests.sort()
        connectors.sort()
        connections.sort()
    }

    /// Lists connectors and connections only, for a caller that knows its recipes.
    init(root: String, recipes: [String]) {
        self.root = root
        self.recipes = recipes
        visit("connectors", isDeep: false, inside: [])
        visit("connections", isDeep: false, inside: [])
    }

    /// Which directory it is, whatever path leads there.
    private struct Identity: Equatable {
        let device: dev_t
        let inode: ino_t
    }

    private mutating func visit(_ directory: String, isDeep: Bool, inside outer: [Identity]) {
        let absolute = directory.isEmpty ? root : root + "/" + directory
        guard let handle = opendir(absolute) else { return }
        defer { closedir(handle) }
        var status = stat()
        guard fstat(dirfd(handle), &status) == 0 else { return }
        let identity = Identity(device: status.st_dev, inode: status.st_ino)
        // A link that leads back to where it stands would give each recipe many names, and each name its runs.
        guard !outer.contains(identity) else { return }
        directories.append(directory)
        var subdirectories: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix("."), !name.hasPrefix("_") else { continue }
            let path = directory.isEmpty ? name : directory + "/" + name
            if isDirectory(entry.pointee.d_type, root + "/" + path) {
                subdirectories.append(path)
            } else if name.hasSuffix(".yml") || name.hasSuffix(".yaml") {
                add(path, name: name, directory: directory)
            }
        }
        for path in subdirectories.sorted() where isDeep && !Self.isWorkspaceRoot(root + "/" + path) {
            visit(path, isDeep: true, inside: outer + [identity])
        }
    }

    private mutating func add(_ path: String, name: String, directory: String) {
        switch directory {
        case "connectors": connectors.append(path)
        case "connections": connections.append(path)
        case "" where name == "runner.yml": break
        default:
            if Self.isTest(path) { tests.append(path) } else { recipes.append(path) }
        }
    }

    /// Whether a directory is the root of a workspace: it has a `runner.yml` or `connections/`.
    static func isWorkspaceRoot(_ path: String) -> Bool {
        access(path + "/runner.yml", F_OK) == 0 || access(path + "/connections", F_OK) == 0
    }

    /// The workspace of a file: the nearest ancestor that is one, else the file's own directory.
    public static func root(of file: String) -> String {
        let absolute = file.hasPrefix("/") ? file : FileManager.default.currentDirectoryPath + "/" + file
        let own = (absolute as NSString).standardizingPath
        let directory = (own as NSString).deletingLastPathComponent
        var candidate = directory
        while true {
            if isWorkspaceRoot(candidate) { return candidate }
            let parent = (candidate as NSString).deletingLastPathComponent
            if parent == candidate || parent.isEmpty { return directory }
            candidate = parent
        }
    }

    /// Whether a file holds tests, by its name.
    public static func isTest(_ path: String) -> Bool { path.hasSuffix(".test.yml") || path.hasSuffix(".test.yaml") }

    /// All files with tests below a directory, those of workspaces inside it too, in order; names that begin with `.` or `_` are left out.
    public static func tests(below directory: String) -> [String] {
        guard let handle = opendir(directory) else { return [] }
        defer { closedir(handle) }
        var found: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix("."), !name.hasPrefix("_") else { continue }
            let path = directory == "/" ? "/" + name : directory + "/" + name
            // A link to a directory may lead back here.
            if entry.pointee.d_type == UInt8(DT_DIR) {
                found += tests(below: path)
            } else if isTest(path) {
                found.append(path)
            }
        }
        return found.sorted()
    }

    /// A file's name without directory and extension.
    static func baseName(_ path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return String(file[..<(file.lastIndex(of: ".") ?? file.endIndex)])
    }

    /// A recipe's name where it gives none: its path without extension.
    static func recipeName(_ path: String) -> String {
        path.hasPrefix("/") ? baseName(path) : String(path[..<(path.lastIndex(of: ".") ?? path.endIndex)])
    }

    private func isDirectory(_ type: UInt8, _ path: String) -> Bool {
        if type == UInt8(DT_DIR) { return true }
        guard type == UInt8(DT_LNK) || type == UInt8(DT_UNKNOWN) else { return false }
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

extension WorkspaceFiles {
    /// What a file of a workspace is.
    public enum Kind: Sendable {
        case settings, connector, connection, recipe, test
    }

    /// Whether there is a recipe at a path relative to a workspace, by the rules that the listing follows.
    static func isRecipe(_ path: String, inWorkspace root: String) -> Bool {
        let parts = path.split(separator: "/")
        guard !path.hasPrefix("/"), parts.allSatisfy({ !$0.hasPrefix(".") && !$0.hasPrefix("_") }),
            kind(of: "\(root)/\(path)", inWorkspace: root) == .recipe, access("\(root)/\(path)", F_OK) == 0
        else { return false }
        var directory = root
        for part in parts.dropLast() {
            directory += "/\(part)"
            if isWorkspaceRoot(directory) { return false }
        }
        return true
    }

    /// What the file at an absolute path is in a workspace.
    public static func kind(of path: String, inWorkspace root: String) -> Kind {
        guard path.hasPrefix(root + "/") else { return isTest(path) ? .test : .recipe }
        let relative = path.dropFirst(root.count + 1)
        if relative == "runner.yml" { return .settings }
        if relative.hasPrefix("connectors/") { return .connector }
        if relative.hasPrefix("connections/") { return .connection }
        return isTest(path) ? .test : .recipe
    }
}
