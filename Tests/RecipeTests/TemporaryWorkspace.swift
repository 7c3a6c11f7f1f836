import Foundation
import Recipe
import Schedule
import YAML

/// A directory of files that is gone with the test.
final class TemporaryWorkspace {
    let root: String

    init(_ files: [String: String]) throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("recipe-tests-\(UUID().uuidString)").path
        for (path, text) in files {
            let url = URL(fileURLWithPath: root + "/" + path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: url)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// The workspace as the command line would load it from inside.
    func load() -> Workspace {
        WorkspaceLoader(root: root, displayRoot: "", systemZone: .utc).load()
    }
}

extension Workspace {
    /// `path:line:column: severity: message` of each report, and the mend behind `=>`.
    var reports: [String] {
        diagnostics.map { diagnostic in
            let place = diagnostic.span.map { ":\($0.start.line):\($0.start.column)" } ?? ""
            return "\(diagnostic.path)\(place): \(diagnostic.severity.rawValue): \(diagnostic.message)"
                + (diagnostic.help.map { " => \($0)" } ?? "")
        }
    }
}
