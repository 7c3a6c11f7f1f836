import Connections
import Glibc
import Recipe
import Schedule

/// `save_to`: where the file is, and when it gets its name.
extension HTTPSender {
    /// The file that a path means: inside the workspace's directory, unless it is absolute.
    ///
    /// What an expression puts into the path may be a stranger's text, so it never climbs.
    func target(_ template: Template) throws(Exit) -> SaveTarget {
        let scope = scope
        let path = try performance.evaluate { () throws(ExpressionError) in try template.text(in: scope) }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, !path.utf8.contains(0) else { throw saveRefusal(path, "it is no path") }
        guard !parts.contains("..") else {
            throw saveRefusal(path, "it climbs with `..`; write the path that is meant")
        }
        guard let name = parts.last, !name.isEmpty, name != "." else {
            throw saveRefusal(path, "it names a directory; write the file's name behind it")
        }
        let root = run.services.directory
        let whole = path.hasPrefix("/") ? path : "\(root)/\(path)"
        let directory = String(whole.dropLast(name.utf8.count + 1))
        // Where no file is written, none of its directories need be there.
        if run.services.playback != nil { return SaveTarget(path: whole, mark: "") }
        guard let real = Self.resolved(directory.isEmpty ? "/" : directory) else {
            throw saveRefusal(
                path,
                "the directory `\(directory)` does not exist; make it first, for example with `mkdir -p`"
            )
        }
        if !path.hasPrefix("/"), let workspace = Self.resolved(root), real != workspace,
            !real.hasPrefix(workspace == "/" ? "/" : workspace + "/")
        {
            throw saveRefusal(path, "a link leads out of the workspace; write an absolute path if that is meant")
        }
        let file = real == "/" ? "/\(name)" : "\(real)/\(name)"
        guard !Self.isDirectory(file) else { throw saveRefusal(path, "it is a directory") }
        let place = StableHash.fnv1a64("\(performance.key.path)#\(performance.key.index)")
        return SaveTarget(path: file, mark: "\(run.run)-\(String(place, radix: 36))")
    }

    /// Gives the file of a response that is as expected its name.
    func saved(_ response: Response) -> Result<Response, Failure> {
        guard let file = response.file else { return .success(response) }
        do {
            try file.commit()
        } catch {
            return .failure(Failure(error: self.error(.file, "\(summary(of: response)): \(error.reason)")))
        }
        var response = response
        response.file = nil
        return .success(response)
    }

    private func saveRefusal(_ path: String, _ reason: String) -> Exit {
        .failed(error(.file, "`save_to: \(path)`: \(reason)"))
    }

    /// The path without links; nil when there is nothing there.
    static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
