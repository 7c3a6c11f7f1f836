import Connections
import Glibc
import Recipe

/// `multipart` with `file`: which files are meant, and that they are there before anything is sent.
extension HTTPSender {
    /// The body with the files that its parts name.
    ///
    /// A test of a recipe sends their paths instead.
    func withFiles(_ body: PreparedBody) throws(Exit) -> PreparedBody {
        guard case .multipart(let form) = body, !form.paths.isEmpty else { return body }
        if run.services.playback != nil { return .multipart(form.with(files: nil)) }
        var files: [String: UploadFile] = [:]
        for path in form.paths where files[path] == nil { files[path] = try uploadFile(path) }
        return .multipart(form.with(files: files))
    }

    /// The file that a path means: inside the workspace's directory, unless it is absolute, as for `save_to`.
    private func uploadFile(_ path: String) throws(Exit) -> UploadFile {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw refusal(path, "it is no path") }
        guard !path.split(separator: "/").contains("..") else {
            throw refusal(path, "it climbs with `..`; write the path that is meant")
        }
        let root = run.services.directory
        let whole = path.hasPrefix("/") ? path : "\(root)/\(path)"
        guard let real = Self.resolved(whole) else {
            throw refusal(path, "there is no such file (\(String(cString: strerror(errno))))")
        }
        if !path.hasPrefix("/"), let workspace = Self.resolved(root),
            !real.hasPrefix(workspace == "/" ? "/" : workspace + "/")
        {
            throw refusal(path, "a link leads out of the workspace; write an absolute path if that is meant")
        }
        var status = stat()
        guard stat(real, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw refusal(path, "it is no file") }
        guard access(real, R_OK) == 0 else {
            throw refusal(path, "it cannot be read: \(String(cString: strerror(errno)))")
        }
        return UploadFile(path: real, size: Int(status.st_size))
    }

    private func refusal(_ path: String, _ reason: String) -> Exit {
        .failed(error(.file, "`file: \(path)`: \(reason)"))
    }
}
