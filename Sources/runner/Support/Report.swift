import Recipe
import YAML

/// Shows what is wrong with a workspace.
enum Report {
    /// Prints diagnostics to standard error.
    static func show(_ workspace: Workspace, atLeast severity: Diagnostic.Severity = .error) {
        let colour = Terminal.allowsColour(2)
        for diagnostic in workspace.diagnostics where diagnostic.severity >= severity {
            Terminal.errorLine(diagnostic.rendered(in: workspace.sources[diagnostic.path], colour: colour))
        }
    }

    /// `3 errors, 1 warning`; empty when there is nothing.
    static func summary(_ diagnostics: [Diagnostic]) -> String {
        [(Diagnostic.Severity.error, "error"), (.warning, "warning")].compactMap { severity, word in
            let count = diagnostics.count { $0.severity == severity }
            return count == 0 ? nil : "\(count) \(word)\(count == 1 ? "" : "s")"
        }.joined(separator: ", ")
    }
}
