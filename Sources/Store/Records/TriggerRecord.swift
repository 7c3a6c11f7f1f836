public import Schedule

/// A trigger of a recipe.
public struct TriggerKey: Sendable, Hashable {
    /// The recipe's name.
    public let recipe: String
    /// The trigger's identity: a hash of kind, expression and zone, or its `id:`.
    public let trigger: String
    /// Of both texts, worked out once: each run looks keys up a dozen times.
    private let hash: Int

    /// The trigger of that identity in that recipe.
    public init(recipe: String, trigger: String) {
        self.recipe = recipe
        self.trigger = trigger
        var hasher = Hasher()
        hasher.combine(recipe)
        hasher.combine(trigger)
        hash = hasher.finalize()
    }

    /// Whether both are the same trigger.
    public static func == (left: TriggerKey, right: TriggerKey) -> Bool {
        left.hash == right.hash && left.trigger == right.trigger && left.recipe == right.recipe
    }

    /// Feeds what was worked out.
    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// What the store remembers of a trigger, so that after any downtime it is known which fires are owed.
public struct TriggerRecord: Sendable, Hashable {
    /// Which trigger.
    public var key: TriggerKey
    /// When a scheduler first saw it.
    public var firstSeen: Instant
    /// Fires are owed only after this moment: first sight, return after a removal, or the newest pruned record.
    public var watermark: Instant
    /// The newest fire time that has a record (of a range of missed ones, its end); nil when none has.
    public var lastFire: Instant?
    /// When it was no longer there; nil while it is.
    public var removedAt: Instant?
}

/// How far a trigger's fires have records.
public struct TriggerProgress: Sendable, Hashable {
    /// Every fire time up to this has its record, or is not owed.
    public var lastFire: Instant
    /// The fire times after it that have records all the same, earliest first: a backfill takes what it is asked for.
    public var ahead: [ClosedRange<Instant>]
}

/// What `Store.prune` removed.
public struct PruneResult: Sendable, Hashable {
    /// Runs, with their actions.
    public var runs: Int
    /// Renewals.
    public var renewals: Int
    /// Bytes that went back to the file system.
    public var bytesFreed: Int64
}
