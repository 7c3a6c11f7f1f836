public import Schedule

/// A time in which a person wanted no fires of a recipe.
public struct PauseRecord: Sendable, Hashable {
    /// The recipe's name.
    public var recipe: String
    /// When it began: the first moment whose fires are paused.
    public var since: Instant
    /// When it ended: the first moment whose fires run again; nil while it lasts.
    public var until: Instant?
    /// Why, in the person's words.
    public var note: String?

    /// A pause that lasts, unless it has an end.
    public init(recipe: String, since: Instant, until: Instant? = nil, note: String? = nil) {
        self.recipe = recipe
        self.since = since
        self.until = until
        self.note = note
    }

    /// What the records of its fires say.
    public var reason: String { note.map { "paused: \($0)" } ?? "paused" }

    /// Whether it holds a fire time.
    public func contains(_ time: Instant) -> Bool {
        since <= time && until.map { time < $0 } ?? true
    }
}
