import Recipe
import Schedule
import Store

/// The way through one trigger's records, from the first moment that is audited to the last.
///
/// A value: it is given one record after the other and says what each of them shows.
struct AuditWalk {
    private(set) var audit: TriggerAudit
    private let history: TriggerHistory
    /// What is not after this is not looked at: it lies before what is asked about, was pruned, or was never owed.
    private let floor: Instant
    private let end: Instant
    /// Every fire time up to this is settled: it has its record, is reported, or was not owed.
    private var last: Instant
    /// The newest fire time that has a record.
    private var recorded: Instant
    /// The span of the history that `last` lies in.
    private var span = 0
    /// The rule by which the newest record was written.
    private var rule: Trigger?

    init(_ history: TriggerHistory, present: Trigger?, after start: Instant, through end: Instant) {
        self.history = history
        self.end = end
        audit = TriggerAudit(history.key)
        audit.trigger = present
        var floor = start
        if let pruned = history.prunedUntil, pruned > floor {
            audit.notes.append(
                "records up to \(Self.text(pruned)) may have been pruned, so only later ones are audited"
            )
            floor = pruned
        }
        if let first = history.spans.first?.since, first > floor {
            audit.notes.append("first seen at \(Self.text(first)); nothing was owed before")
            floor = first
        }
        self.floor = floor
        (last, recorded) = (floor, floor)
        while let next = history.spans.dropFirst(span + 1).first, next.since <= floor { span += 1 }
    }

    private static func text(_ moment: Instant) -> String { Instant(seconds: moment.wholeSeconds).rfc3339() }

    // MARK: Records

    /// Looks at the next record, by the rule that the trigger had when it was written.
    mutating func take(_ record: RunRecord, by written: Trigger?) -> [AuditEntry] {
        let time = record.fire.scheduledAt
        let until = record.missedUntil ?? time
        guard until > floor else { return [] }
        defer {
            recorded = max(recorded, until)
            last = max(last, until)
        }
        rule = written ?? rule
        audit.trigger = audit.trigger ?? written
        guard let rule else {
            // Nobody knows any more what was asked for; that it ended so is all that can be said.
            return [count(record, 1)]
        }
        guard time > recorded || recorded == floor else {
            audit.doubles.add(record)
            return [.double(record)]
        }
        enterSpan(before: time)
        var entries: [AuditEntry] = []
        entries += unrecorded(before: record, rule)
        if let trouble = trouble(record, rule) {
            audit.misfits.add(record)
            return entries + [.misfit(record, trouble)]
        }
        let inside = owed(after: max(floor, time - .microseconds(1)), through: min(until, end), rule)
        audit.asked += inside
        return entries + [count(record, inside)]
    }

    /// The fire times between the last record and this one: lost, but where this one is ahead of the others: a backfill, or claimed while the clock was ahead.
    private mutating func unrecorded(before record: RunRecord, _ rule: Trigger) -> [AuditEntry] {
        let through = record.fire.scheduledAt - .microseconds(1)
        let known = history.lastFire ?? (record.cause == .backfill ? last : through)
        let settled = min(through, max(last, known))
        var entries: [AuditEntry] = []
        if let gap = FireRange(rule, after: last, through: settled) { entries.append(lose(gap)) }
        if let range = FireRange(rule, after: settled, through: through) { entries.append(wait(range)) }
        return entries
    }

    private mutating func wait(_ range: FireRange) -> AuditEntry {
        audit.asked += range.count
        audit.pending = audit.pending.map { $0.joined(with: range) } ?? range
        return .pending(range)
    }

    private mutating func count(_ record: RunRecord, _ number: Int) -> AuditEntry {
        audit.ended[record.status, default: 0] += number
        return .recorded(record, count: number)
    }

    private mutating func lose(_ gap: FireRange) -> AuditEntry {
        audit.asked += gap.count
        audit.lost += gap.count
        audit.gaps.add(gap)
        return .gap(gap)
    }

    /// What does not fit in a record; nil when all does.
    private func trouble(_ record: RunRecord, _ rule: Trigger) -> String? {
        let time = record.fire.scheduledAt
        guard rule.asks(for: time) else { return "the trigger did not ask for \(time)" }
        guard let until = record.missedUntil else { return nil }
        guard rule.asks(for: until) else { return "the trigger did not ask for \(until), where the range ends" }
        let count = owed(after: time - .microseconds(1), through: until, rule)
        return record.missedCount == count
            ? nil : "the range says \(record.missedCount ?? 0) fire times, and the trigger asked for \(count)"
    }

    /// How many fire times the trigger asked for after one moment and not after another, while it was there.
    private func owed(after first: Instant, through last: Instant, _ rule: Trigger) -> Int {
        history.spans.reduce(0) { count, span in
            // What comes before the first span is that of a store made before spans were kept.
            let since = span == history.spans.first ? min(span.since, first) : span.since
            return count + rule.count(after: max(first, since), through: min(last, span.until ?? last))
        }
    }

    // MARK: Removals

    /// Goes on into the span that a moment lies in.
    private mutating func enterSpan(before moment: Instant) {
        while let next = history.spans.dropFirst(span + 1).first, next.since < moment {
            leaveSpan()
            last = max(last, next.since)
            span += 1
        }
    }

    /// A removal ends all owing: what was not served then never will be (DESIGN section 10).
    private mutating func leaveSpan() {
        guard let until = history.spans[span].until else { return }
        let dropped = rule?.count(after: last, through: min(until, end)) ?? 0
        guard dropped > 0 else { return }
        audit.notes.append(
            "removed at \(Self.text(until)), before \(dropped) fire times were served; they were owed no more"
        )
        last = max(last, min(until, end))
    }

    // MARK: The end

    /// Looks at what comes after the last record.
    ///
    /// - Parameters:
    ///   - successor: the first record after the audited time, with the rule by which it was written.
    ///   - present: the rule that the files now have, where it is in force.
    mutating func finish(before successor: (time: Instant, rule: Trigger?)?, present: Trigger?) -> [AuditEntry] {
        rule = successor?.rule ?? present ?? rule
        enterSpan(before: min(end + .microseconds(1), successor?.time ?? end + .microseconds(1)))
        guard let rule else {
            audit.notes.append("its rule cannot be read here, so the records are counted and nothing is compared")
            return []
        }
        audit.trigger = audit.trigger ?? rule
        var entries: [AuditEntry] = []
        // Records are written in the order of the fire times: before a later one of the same span none is still to come.
        let settled = history.lastFire.map { min($0, successor?.time ?? $0) }.map { later in
            let isOfLaterSpan = history.spans.dropFirst(span + 1).first.map { $0.since < later } ?? false
            return isOfLaterSpan ? last : min(later, end)
        }
        if let settled, settled > last, let gap = FireRange(rule, after: last, through: settled) {
            entries.append(lose(gap))
            last = settled
        }
        if history.spans[span].until != nil {
            leaveSpan()
        } else if let present, let range = FireRange(present, after: last, through: end) {
            entries.append(wait(range))
        } else if present == nil, FireRange(rule, after: last, through: end) != nil {
            audit.notes.append("not in force in the files any more: nothing later than \(Self.text(last)) is owed")
        }
        return entries
    }
}
