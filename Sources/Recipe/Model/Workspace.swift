import CEL
public import Schedule
public import YAML

/// All that a directory says: settings, connectors, connections and recipes (DESIGN section 4).
public struct Workspace: Sendable {
    /// The directory.
    public let root: String
    /// What `runner.yml` says.
    public var settings: WorkspaceSettings
    /// The workspace's own connectors and the built-in ones, by name.
    public var connectors: [String: Connector] = [:]
    /// The connections by name.
    public var connections: [String: Connection] = [:]
    /// The valid recipes, by name.
    public var recipes: [String: Recipe] = [:]
    /// The names of the recipes whose files are there and have errors, as far as they can be told.
    public var brokenRecipes: Set<String> = []
    /// The `on_alert` actions of `runner.yml`, as a recipe without triggers.
    public var alerts: Recipe?
    /// All that is wrong or worth saying, in the order of files and lines.
    public var diagnostics: [Diagnostic] = []
    /// The texts that the diagnostics speak of, by path.
    public var sources: [String: Source] = [:]

    /// Nothing stands in the way of running it.
    public var isValid: Bool { !diagnostics.contains { $0.severity == .error } }

    /// `runner.yml` has errors: what it says reaches into every recipe (its zone, its defaults, the store), so that none can be trusted.
    public var hasBrokenSettings: Bool {
        diagnostics.contains { report in
            report.severity == .error && (report.path == "runner.yml" || report.path.hasSuffix("/runner.yml"))
        }
    }
}

/// What `runner.yml` says.
public struct WorkspaceSettings: Sendable {
    /// The zone of schedules that name none.
    public var timezone: Zone
    /// The store's file; nil is `.runner/runner.db` in the workspace.
    public var store: String?
    /// Runs of one process at the same time.
    public var maxConcurrentRuns = Defaults.maxConcurrentRuns
    /// How long history is kept.
    public var historyKeep = Duration.seconds(30 * 86_400)
    /// How long a stopping process waits for what runs.
    public var shutdownGrace = Defaults.shutdownGrace
    /// Environment variables that expressions may read.
    public var environmentNames: [String] = []
    /// The longest run of recipes that do not say.
    public var timeout = Defaults.runTimeout
    /// What actions without a `retry:` do.
    public var retry: RetryPolicy?
    /// The overlap rule of triggers that name none.
    public var overlap = OverlapRule.skip
    /// The catch-up policy of triggers that name none.
    public var catchUp = CatchUpRule.Policy.latest
    /// Whether log lines are for people or for programs.
    public var logFormat = LogFormat.pretty
    /// The least important line that is written.
    public var logLevel = LogAction.Level.info
}

/// How log lines look.
public enum LogFormat: String, Sendable, CaseIterable {
    case pretty, json
}
