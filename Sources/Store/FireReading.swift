public import Schedule

/// What an audit or an explanation asks a store, beside what every command asks.
///
/// Nothing is written. Everything throws `StoreError`.
public protocol FireReading: Sendable {
    /// The histories of triggers that a scheduler ever saw, removed ones too; of one recipe, or of all, by recipe.
    func triggerHistories(of recipe: String?) async throws(StoreError) -> [TriggerHistory]

    /// Records of a trigger whose fire time lies after a moment, oldest first.
    func fires(of trigger: TriggerKey, after moment: Instant, limit: Int) async throws(StoreError) -> [RunRecord]

    /// The newest record of a trigger whose fire time is not after a moment; it may be a range that reaches beyond it.
    func lastFire(of trigger: TriggerKey, through moment: Instant) async throws(StoreError) -> RunRecord?

    /// All processes that are registered, dead ones too.
    func nodes() async throws(StoreError) -> [NodeRecord]
}
