/// Collects what is found in one file, so that all of it is reported at once.
public final class Diagnostics {
    /// The file in question.
    public let source: Source
    /// Everything reported, in the order of reporting.
    public private(set) var all: [Diagnostic] = []
    private var seen: Set<Diagnostic> = []
    private var hidden: [Span] = []

    /// Starts an empty collection for a file.
    public init(_ source: Source) {
        self.source = source
    }

    /// Whether an error is among them; warnings and notes do not count.
    public var hasErrors: Bool { all.contains { $0.severity == .error } }

    /// Everything reported, in the order of the file; what has no place comes first.
    public var sorted: [Diagnostic] {
        let first = Mark(line: 0, column: 0)
        return all.enumerated().sorted { left, right in
            let (one, other) = (left.element.span?.start ?? first, right.element.span?.start ?? first)
            return one == other ? left.offset < right.offset : one < other
        }.map { entry in
            var diagnostic = entry.element
            guard let line = diagnostic.span?.start.line else { return diagnostic }
            diagnostic.hidden = hidden.filter { ($0.start.line...max($0.start.line, $0.end.line)).contains(line) }
            return diagnostic
        }
    }

    /// From now on no excerpt shows a stretch of the file, whatever is reported beside it.
    public func hide(_ span: Span) { hidden.append(span) }

    /// Adds an error about a stretch of the file.
    public func report(_ code: String, _ message: String, at span: Span, help: String? = nil) {
        report(.error, code, message, at: span, help: help)
    }

    /// Adds a diagnostic about a stretch of the file.
    public func report(
        _ severity: Diagnostic.Severity,
        _ code: String,
        _ message: String,
        at span: Span,
        help: String? = nil
    ) {
        report(Diagnostic(severity, code: code, message: message, help: help, path: source.path, span: span))
    }

    /// Adds a diagnostic that is already made.
    ///
    /// The same one again is dropped, since an alias brings a node in twice.
    public func report(_ diagnostic: Diagnostic) {
        guard seen.insert(diagnostic).inserted else { return }
        all.append(diagnostic)
    }
}
