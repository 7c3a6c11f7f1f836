import Recipe
public import Schedule
public import Store

/// Compares what triggers asked for with the records of what became of it (promise P1).
///
/// It goes the way of the scheduler: the next fire time follows from the last one that has a record, by the rule that the trigger had when the next
/// record was written. So edits, removals and returns of a trigger are taken into account as they happened. Records are read in pages, and ranges of
/// missed fire times are counted, not listed.
public struct FireAuditor: Sendable {
    private static let page = 1_000

    private let store: any Store & FireReading
    private let start: Instant
    private let end: Instant
    private var rules: RuleBook

    /// An auditor of the fire times from one moment to just before another; what lies after `now` is not due yet.
    public init(_ store: any Store & FireReading, rules: RuleBook, from: Instant, to: Instant, now: Instant) {
        self.store = store
        self.rules = rules
        start = from - .microseconds(1)
        end = min(to - .microseconds(1), now)
    }

    /// Audits one trigger.
    ///
    /// - Parameter onEntry: called with each line of the audit, in order, so that nobody need keep them all.
    public mutating func audit(
        _ history: TriggerHistory,
        onEntry: (AuditEntry) -> Void = { _ in }
    ) async throws(StoreError) -> TriggerAudit {
        let key = history.key
        var walk = AuditWalk(history, present: rules.present(key), after: start, through: end)
        // A range that begins before the audited time may reach into it.
        if let before = try await store.lastFire(of: key, through: start) {
            for entry in walk.take(before, by: try await rules.rule(key, version: before.version)) { onEntry(entry) }
        }
        var position = start
        var successor: (time: Instant, rule: Trigger?)?
        pages: while true {
            let records = try await store.fires(of: key, after: position, limit: Self.page)
            for record in records {
                position = record.fire.scheduledAt
                let rule = try await rules.rule(key, version: record.version)
                guard position <= end else {
                    successor = (position, rule)
                    break pages
                }
                for entry in walk.take(record, by: rule) { onEntry(entry) }
            }
            guard records.count == Self.page else { break }
        }
        let present = rules.isInForce(key) ? rules.present(key) : nil
        for entry in walk.finish(before: successor, present: present) { onEntry(entry) }
        return walk.audit
    }
}
