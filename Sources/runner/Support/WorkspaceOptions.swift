import ArgumentParser
import Foundation
import Recipe
import Schedule
import Store
import YAML

/// Where a command works: the workspace and its store.
struct WorkspaceOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "The workspace's directory (default: the nearest one around this directory).")
    var workspace: String?

    @Option(help: "The store's file (default: .runner/runner.db in the workspace).")
    var store: String?

    /// What is meant where neither option is given.
    static var none: WorkspaceOptions {
        var options = WorkspaceOptions()
        options.workspace = nil
        options.store = nil
        return options
    }

    /// The workspace that this command means; `file` is a recipe whose workspace is meant where none is named.
    func location(ofFile file: String? = nil, directory: String? = nil) throws -> WorkspaceLocation {
        if let named = workspace ?? directory {
            let location = WorkspaceLocation(root: WorkspaceLocation.absolute(named))
            guard location.exists else { throw Failure(.invalid, "there is no directory \(named)") }
            return location
        }
        if let file { return WorkspaceLocation(root: WorkspaceFiles.root(of: file)) }
        return WorkspaceLocation(root: WorkspaceFiles.root(of: "./x"))
    }
}

/// A workspace's directory, and what belongs to it on disk.
struct WorkspaceLocation {
    /// The directory's absolute path.
    let root: String

    /// A path of the file system without `.` and `..`.
    static func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return (whole as NSString).standardizingPath
    }

    /// The directory is there.
    var exists: Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: root, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    /// The directory as people would write it from here.
    var shown: String {
        let here = FileManager.default.currentDirectoryPath
        if root == here { return "." }
        return root.hasPrefix(here + "/") ? String(root.dropFirst(here.count + 1)) : root
    }

    /// A loader for this workspace.
    func loader() throws -> WorkspaceLoader {
        do {
            return WorkspaceLoader(root: root, displayRoot: shown, systemZone: try Zone.system())
        } catch {
            throw Failure(.unable, error.message)
        }
    }

    /// The store's file.
    func storePath(_ option: String?, settings: WorkspaceSettings) -> String {
        if let option { return Self.absolute(option) }
        guard let named = settings.store else { return root + "/.runner/runner.db" }
        return named.hasPrefix("/") ? named : root + "/" + named
    }

    /// The variables of the environment, and those of the workspace's `.env` that it lacks.
    func environment() -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        if let text = try? String(contentsOfFile: root + "/.env", encoding: .utf8) {
            environment.merge(DotEnv.parse(text)) { real, _ in real }
        }
        return environment
    }

    /// What is to be said of the workspace's `.env`: that others can read it, and which of its lines give no variable.
    ///
    /// Without the lines themselves, which may hold a secret.
    var dotEnvWarnings: [Diagnostic] {
        let path = "\(shown)/.env"
        func warning(_ code: String, _ message: String, help: String?, _ span: Span?) -> Diagnostic {
            Diagnostic(.warning, code: code, message: message, help: help, path: path, span: span)
        }
        var warnings: [Diagnostic] = []
        var status = stat()
        guard stat(root + "/.env", &status) == 0 else { return [] }
        if status.st_mode & 0o044 != 0 {
            let message = "\(path) can be read by other users; run `chmod 600 \(path)`"
            warnings.append(warning("env.readable", message, help: nil, nil))
        }
        let text = (try? String(contentsOfFile: root + "/.env", encoding: .utf8)) ?? ""
        for line in DotEnv.strayLines(text) {
            let mark = Mark(line: line, column: 1)
            let span = Span(start: mark, end: mark)
            warnings.append(warning("env.line", "this line gives no variable", help: "write `NAME=value`", span))
        }
        return warnings
    }
}
