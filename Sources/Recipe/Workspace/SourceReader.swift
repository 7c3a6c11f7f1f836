import Foundation
import YAML

/// Reads files of a workspace and names them as the user wrote them.
struct SourceReader: Sendable {
    /// The workspace's directory.
    let root: String
    /// What stands for it in diagnostics; empty or `.` shows paths relative to it.
    let displayRoot: String

    /// A file that could not be read, as a diagnostic.
    struct Unreadable: Error {
        let diagnostic: Diagnostic
    }

    /// A path as diagnostics show it.
    func display(_ path: String) -> String {
        path.hasPrefix("/") || displayRoot.isEmpty || displayRoot == "." ? path : displayRoot + "/" + path
    }

    /// The text of a file whose path is absolute or relative to the root.
    func source(_ path: String) -> Result<Source, Unreadable> {
        let absolute = path.hasPrefix("/") ? path : root + "/" + path
        guard let data = FileManager.default.contents(atPath: absolute) else {
            let problem = UnreadableFile(at: absolute)
            let diagnostic = Diagnostic(
                code: "file.unreadable",
                message: problem.message,
                help: problem.help,
                path: display(path),
                span: nil
            )
            return .failure(Unreadable(diagnostic: diagnostic))
        }
        // Bytes, not text: what is no UTF-8 is reported by the reader, with its place.
        return .success(Source(path: display(path), bytes: [UInt8](data)))
    }
}
