import Schedule
import YAML

/// Reads `trigger:`: one mapping or a list of them.
struct TriggerReader {
    let file: FileReader
    let recipeName: String
    let pool: TriggerPool

    func triggers(_ node: Node?) -> [Trigger] {
        guard let node else { return [] }
        let nodes: [Node]
        if case .sequence(let items) = node.content { nodes = items } else { nodes = [node] }
        var triggers: [Trigger] = []
        for node in nodes {
            guard let trigger = trigger(node) else { continue }
            if triggers.contains(where: { $0.id == trigger.id }) {
                file.diagnostics.report(
                    "trigger.duplicate",
                    "this trigger is the same as an earlier one",
                    at: node.span,
                    help: "remove it, or give each an `id:` of its own"
                )
                continue
            }
            triggers.append(trigger)
        }
        return triggers
    }

    /// What to write for a trigger that is a text.
    private static func mend(of node: Node) -> String? {
        guard let text = node.scalar?.text else { return nil }
        if (try? DurationText.parsePositive(text)) != nil { return "write `trigger: { interval: \(text) }`" }
        let isCron = text.hasPrefix("@") || text.split(separator: " ").count >= 5
        return isCron
            ? "write `trigger: { cron: \"\(text)\" }`" : "write `trigger: { cron: \"30 6 * * *\" }`, or `interval`"
    }

    private func trigger(_ node: Node) -> Trigger? {
        guard var reader = MappingReader(node, as: "a trigger", into: file.diagnostics, help: Self.mend(of: node))
        else { return nil }
        let cron = reader.string("cron")
        let intervalNode = reader.take("interval")
        let zone = zone(&reader)
        let explicitID = reader.string("id")
        let dayMatch = reader.choice("day_match", DayMatch.self)?.value ?? .or
        let dst = daylightSaving(reader.take("dst"))
        let alignment = reader.choice("align", Alignment.self)?.value
        let rules = rules(&reader)
        reader.finish(foreign: ForeignKeys.ofTrigger)

        if cron != nil, let intervalNode {
            file.diagnostics.report(
                "trigger.both",
                "a trigger has either `cron` or `interval`, not both",
                at: intervalNode.span,
                help: "make two triggers, as a list, or remove one of the keys"
            )
            return nil
        }
        guard let zone else { return nil }
        let schedule: Schedule
        let text: String
        if let cron {
            guard let expression = expression(cron, dayMatch) else { return nil }
            schedule = .cron(CronSchedule(expression, zone: zone, dst: dst))
            text = expression.text
            if dayMatch == .or { explainDays(expression, at: cron.span, schedule) }
        } else if let intervalNode {
            guard let period = file.duration(intervalNode, as: "`interval`") else { return nil }
            guard let interval = interval(period, alignment, at: intervalNode) else { return nil }
            schedule = .interval(interval)
            text = "every \(DurationText.format(period))"
        } else {
            // One that is there, or is misspelt, has been reported.
            let keys = ["cron", "interval"]
            let isReported = { (name: String) in
                keys.contains(name) || Suggestion.nearest(to: name, among: keys) != nil
                    || keys.contains { ForeignKeys.ofTrigger[name]?.contains("`\($0)") == true }
            }
            if reader.entries.contains(where: { isReported($0.name) }) { return nil }
            file.diagnostics.report(
                "trigger.empty",
                "a trigger needs `cron` or `interval`",
                at: node.span,
                help: "write `cron: \"*/15 * * * *\"` or `interval: 5m`"
            )
            return nil
        }
        let identity = "\(text)|\(zone.name)|\(dayMatch.rawValue)|\(alignment?.rawValue ?? "")"
        let id = explicitID?.value ?? String(StableHash.fnv1a64(identity), radix: 36)
        let trigger = Trigger(
            id: id,
            timing: TriggerTiming(schedule: schedule, text: text, zone: zone),
            rules: rules,
            place: file.place(of: node),
            in: pool
        )
        if let start = trigger.start, let end = trigger.end, end <= start {
            file.diagnostics.report(
                "trigger.never",
                "this trigger ends before it starts, so it never fires",
                at: node.span,
                help: "write an `end` later than its `start`"
            )
            return trigger
        }
        if trigger.isEnabled, trigger.start == nil, trigger.schedule.next(after: Instant(seconds: 0)) == nil {
            file.diagnostics.report(
                "trigger.never",
                "this schedule never fires",
                at: cron?.span ?? node.span,
                help: "choose a date that exists"
            )
        }
        return trigger
    }

    private enum Alignment: String, CaseIterable, Sendable { case clock, hash }

    private func expression(_ cron: Located<String>, _ dayMatch: DayMatch) -> CronExpression? {
        do {
            return try CronExpression(cron.value, hashKey: recipeName, dayMatch: dayMatch)
        } catch {
            let source = file.diagnostics.source
            let span = Span(
                start: cron.node.mark(atUTF8Offset: error.range.lowerBound, in: source),
                end: cron.node.mark(atUTF8Offset: error.range.upperBound, in: source)
            )
            file.diagnostics.report("trigger.cron", error.message, at: span, help: error.help)
            return nil
        }
    }

    private func interval(_ period: Duration, _ alignment: Alignment?, at node: Node) -> IntervalSchedule? {
        do {
            return alignment == .clock
                ? try IntervalSchedule.alignedToClock(period: period)
                : try IntervalSchedule(period: period, hashKey: recipeName)
        } catch {
            file.diagnostics.report("trigger.interval", error.message, at: node.span, help: error.help)
            return nil
        }
    }

    private func zone(_ reader: inout MappingReader) -> Zone? {
        guard let name = reader.string("timezone") else { return file.settings.timezone }
        do {
            return try Zone(named: name.value)
        } catch {
            file.diagnostics.report("trigger.timezone", error.message, at: name.span, help: error.help)
            return nil
        }
    }

    private func daylightSaving(_ node: Node?) -> DaylightSavingPolicy {
        var policy = DaylightSavingPolicy()
        guard let node, var reader = MappingReader(node, as: "`dst`", into: file.diagnostics) else { return policy }
        if let gap = reader.choice("gap", DaylightSavingPolicy.Gap.self) { policy.gap = gap.value }
        if let overlap = reader.choice("overlap", DaylightSavingPolicy.Overlap.self) { policy.overlap = overlap.value }
        reader.finish()
        return policy
    }

    private func rules(_ reader: inout MappingReader) -> TriggerRules {
        var catchUp = CatchUpRule(policy: file.settings.catchUp)
        if let policy = reader.choice("catch_up", CatchUpRule.Policy.self) { catchUp.policy = policy.value }
        if let window = file.duration(reader.take("catch_up_window"), as: "`catch_up_window`") {
            catchUp.window = window
        }
        if let limit = reader.int("catch_up_limit", in: 1...100_000) { catchUp.limit = limit.value }
        if let pace = file.duration(reader.take("catch_up_pace"), as: "`catch_up_pace`") { catchUp.pace = pace }
        return TriggerRules(
            catchUp: catchUp,
            overlap: reader.choice("overlap", OverlapRule.self)?.value ?? file.settings.overlap,
            startDeadline: file.duration(reader.take("start_deadline"), as: "`start_deadline`", min: .milliseconds(1)),
            jitter: file.duration(reader.take("jitter"), as: "`jitter`") ?? .zero,
            runsOnStart: reader.bool("run_on_start")?.value ?? false,
            start: instant(reader.string("start")),
            end: instant(reader.string("end")),
            isEnabled: reader.bool("enabled")?.value ?? true
        )
    }

    private func instant(_ text: Located<String>?) -> Instant? {
        guard let text else { return nil }
        guard let instant = Instant(rfc3339: text.value) else {
            file.diagnostics.report(
                "value.time",
                "`\(text.value)` is no moment in time",
                at: text.span,
                help: "write date, time and zone, for example `2026-03-01T00:00:00Z`"
            )
            return nil
        }
        return instant
    }

    /// People trip over crontab's rule that either day field suffices, so its coming fires are shown.
    private func explainDays(_ expression: CronExpression, at span: Span, _ schedule: Schedule) {
        guard expression.areBothDayFieldsRestricted else { return }
        file.diagnostics.report(
            .note,
            "trigger.either-day",
            "both day fields are restricted: the recipe fires on days that match either (crontab(5))",
            at: span,
            help: "write `day_match: and` beside it for days that match both"
        )
    }
}
