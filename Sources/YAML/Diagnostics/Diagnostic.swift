/// One thing that is wrong, or worth knowing, in a file: what, where, and what to write instead.
public struct Diagnostic: Sendable, Hashable {
    /// How much a diagnostic weighs.
    public enum Severity: String, Sendable, Comparable {
        case note
        case warning
        case error

        /// Whether one severity weighs less than another.
        public static func < (left: Severity, right: Severity) -> Bool { left.weight < right.weight }

        private var weight: Int {
            switch self {
            case .note: 0
            case .warning: 1
            case .error: 2
            }
        }
    }

    /// How much it weighs.
    public var severity: Severity
    /// A stable name for programs, such as `yaml.duplicate-key`.
    public var code: String
    /// What is wrong, in one sentence without a full stop.
    public var message: String
    /// The mend: what to write instead.
    public var help: String?
    /// The path of the file.
    public var path: String
    /// Where; nil when it concerns the whole file.
    public var span: Span?
    /// What excerpts of the same line must not show: a secret that stands in the file.
    public var hidden: [Span] = []

    /// Makes a diagnostic.
    public init(
        _ severity: Severity = .error,
        code: String,
        message: String,
        help: String? = nil,
        path: String,
        span: Span? = nil
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.help = help
        self.path = path
        self.span = span
    }
}
