public import Schedule

/// When a trigger was there, and how far its fires have records: what is needed to know which fire times it owed.
public struct TriggerHistory: Sendable, Hashable {
    /// A time in which a trigger was there.
    public struct Span: Sendable, Hashable {
        /// When a scheduler first saw it, or saw it again: it owes the fire times after this moment.
        public var since: Instant
        /// When it was no longer there, which ends all owing; nil while it is there.
        public var until: Instant?

        /// A span.
        public init(since: Instant, until: Instant? = nil) {
            self.since = since
            self.until = until
        }
    }

    /// Which trigger.
    public var key: TriggerKey
    /// When it was there, earliest first; never empty.
    public var spans: [Span]
    /// The newest fire time that has a record (of a range of missed ones, its end); nil when none has.
    ///
    /// A trigger's records are written in the order of its fire times, so nothing before this is still to come.
    public var lastFire: Instant?
    /// Records up to this fire time may have been pruned.
    public var prunedUntil: Instant?

    /// A history.
    public init(key: TriggerKey, spans: [Span], lastFire: Instant? = nil, prunedUntil: Instant? = nil) {
        self.key = key
        self.spans = spans
        self.lastFire = lastFire
        self.prunedUntil = prunedUntil
    }
}
