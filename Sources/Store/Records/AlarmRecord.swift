public import Schedule

/// What an alarm is about.
public enum AlarmKind: String, Sendable, Hashable, CaseIterable {
    /// No run of a recipe succeeded for too long.
    case noSuccess = "no_success"
    /// Runs of a recipe failed in a row.
    case failures
    /// A fire of a recipe started too late.
    case lateness
    /// A connection needs a person.
    case needsAttention = "needs_attention"
}

/// Which alarm: of each there is one at a time.
public struct AlarmKey: Sendable, Hashable {
    /// What it is about.
    public var kind: AlarmKind
    /// The name of the recipe, or of the connection.
    public var subject: String

    /// An alarm's key.
    public init(_ kind: AlarmKind, of subject: String) {
        (self.kind, self.subject) = (kind, subject)
    }
}

/// Something that a person was told of, and that is not over.
public struct AlarmRecord: Sendable, Hashable {
    /// Which alarm.
    public var key: AlarmKey
    /// Since when it has been so.
    public var since: Instant
    /// One sentence.
    ///
    /// Plain at rest: redact before.
    public var message: String
    /// How many runs it is about; nil where nothing is counted.
    public var count: Int?

    /// An alarm.
    public init(key: AlarmKey, since: Instant, message: String, count: Int? = nil) {
        self.key = key
        self.since = since
        self.message = message
        self.count = count
    }
}
