import Recipe
import Schedule
import Store

extension FireExplainer {
    /// Explains a time for one trigger.
    func explain(_ recipe: Recipe, _ trigger: Trigger, _ asked: AskedTime) async throws(StoreError) -> Explanation {
        let subject = "\(recipe.name): "
        switch asked.moments {
        case .skipped(let next): return try await explainGap(recipe, trigger, asked, next)
        case .repeated(let first, let last):
            let twice = "\(asked.text) came twice in \(trigger.zone) (clocks were set back), and `\(trigger.text)` "
            let fires = fires(trigger, first, asked) + fires(trigger, last, asked)
            guard let fire = fires.first else { return notScheduled(recipe, trigger, asked, first) }
            if !trigger.bounds.contains(fire) { return outOfBounds(recipe, trigger, fire) }
            guard let other = fires.last, fires.count > 1 else {
                let remark = fire < last ? ", the first time only" : ", the second time only"
                let outcome = try await outcome(of: fire, trigger, recipe, remark: remark)
                return outcome.explanation(subject + twice + outcome.clause, trigger)
            }
            let outcome = try await outcome(of: fire, trigger, recipe)
            let second = try await self.outcome(of: other, trigger, recipe)
            return outcome.explanation(subject + twice + outcome.clause + ", and " + second.clause, trigger)
        case .once(let moment):
            let fires = fires(trigger, moment, asked)
            guard let fire = fires.first else { return notScheduled(recipe, trigger, asked, moment) }
            if !trigger.bounds.contains(fire) { return outOfBounds(recipe, trigger, fire) }
            let remark = fires.count > 1 ? " (the first of \(fires.count) fire times then)" : standIn(fire, trigger)
            let outcome = try await outcome(of: fire, trigger, recipe, remark: remark)
            return outcome.explanation("\(subject)`\(trigger.text)` \(outcome.clause)", trigger)
        }
    }

    /// A remark about a fire that stands for a time which the clocks skipped; empty for any other.
    private func standIn(_ fire: Instant, _ trigger: Trigger) -> String {
        guard case .cron(let cron) = trigger.schedule, case .moved(let wall, _)? = cron.effect(ofChangeAt: fire) else {
            return ""
        }
        return ", in place of \(wall), which the clocks skipped"
    }

    /// The fire times that are meant by a time, whatever `start` and `end` say; a few at most.
    private func fires(_ trigger: Trigger, _ moment: Instant, _ asked: AskedTime) -> [Instant] {
        let end = moment + asked.precision
        return Array(
            trigger.schedule.instants(after: moment - .microseconds(1)).prefix { $0 < end }.prefix(100)
        )
    }

    /// The clocks skipped the time.
    private func explainGap(
        _ recipe: Recipe,
        _ trigger: Trigger,
        _ asked: AskedTime,
        _ next: Instant
    ) async throws(StoreError) -> Explanation {
        let zone = trigger.zone
        let isAhead = next > now
        let clocks =
            "\(asked.text) \(isAhead ? "will not exist" : "did not exist") in \(zone) (clocks \(isAhead ? "go" : "went") forward to "
            + "\(zone.wallTime(at: next).description.dropLast(3).suffix(5)) over it)"
        guard case .cron(let cron) = trigger.schedule else {
            return notScheduled(
                recipe,
                trigger,
                asked,
                next,
                because: "\(clocks), which does not matter to an interval"
            )
        }
        let exclusions = cron.expression.exclusions(of: asked.wall)
            .filter { asked.precision <= .seconds(1) || $0.field != "second" }
        guard exclusions.isEmpty else {
            let reasons = exclusions.map(\.description).joined(separator: " and ")
            return notScheduled(
                recipe,
                trigger,
                asked,
                next,
                because: "\(clocks), and `\(trigger.text)` does not ask for it: \(reasons)"
            )
        }
        let repeats = cron.expression.repeats ? "repeats" : "does not repeat"
        let isChosen = cron.daylightSaving.gap != nil
        guard case .moved? = cron.effect(ofChangeAt: next) else {
            let rule = isChosen ? "has dst gap: skip" : "\(repeats) and so fires at real times only"
            var answer = notScheduled(recipe, trigger, asked, next, because: "\(clocks), and `\(trigger.text)` \(rule)")
            answer.verdict = .skippedByClocks
            return answer
        }
        if !trigger.bounds.contains(next) { return outOfBounds(recipe, trigger, next) }
        let outcome = try await outcome(of: next, trigger, recipe, remark: " instead")
        let rule = isChosen ? "has dst gap: next" : repeats
        let sentence = "\(recipe.name): \(clocks), so `\(trigger.text)`, which \(rule), \(outcome.clause)"
        return outcome.explanation(sentence, trigger)
    }

    private func outOfBounds(_ recipe: Recipe, _ trigger: Trigger, _ time: Instant) -> Explanation {
        let zone = trigger.zone
        let shown = time.rfc3339(in: zone)
        var bound = ""
        if let start = trigger.start, time < start { bound = "before its start, \(start.rfc3339(in: zone))" }
        if let end = trigger.end, time >= end { bound = "not before its end, \(end.rfc3339(in: zone))" }
        let sentence = "\(recipe.name): `\(trigger.text)` does not fire at \(shown): that is \(bound)"
        return nearest(to: time, trigger, Explanation(verdict: .outOfBounds, sentence: sentence))
    }

    // MARK: Not in the schedule

    private func notScheduled(
        _ recipe: Recipe,
        _ trigger: Trigger,
        _ asked: AskedTime,
        _ moment: Instant,
        because given: String? = nil
    ) -> Explanation {
        var reason = given ?? "`\(trigger.text)` does not ask for \(asked.text)"
        if given == nil, case .cron(let cron) = trigger.schedule {
            let exclusions = cron.expression.exclusions(of: asked.wall)
                .filter { asked.precision <= .seconds(1) || $0.field != "second" }
            if exclusions.isEmpty {
                // It is in the expression, so the rule of the clocks' changes left it out.
                reason += ": it came twice, and only one of the two fires"
            } else {
                reason += ": " + exclusions.map(\.description).joined(separator: " and ")
            }
        }
        let zone = trigger.zone
        var explanation = nearest(to: moment, trigger, Explanation(verdict: .notScheduled, sentence: ""))
        let before =
            explanation.nearest.before.map { "the fire before is \($0.rfc3339(in: zone))" } ?? "there is no fire before"
        let after = explanation.nearest.after.map { "the next \($0.rfc3339(in: zone))" } ?? "none comes after"
        explanation.sentence = "\(recipe.name): \(reason); \(before), \(after)"
        return explanation
    }

    private func nearest(to moment: Instant, _ trigger: Trigger, _ explanation: Explanation) -> Explanation {
        var explanation = explanation
        explanation.trigger = trigger
        explanation.nearest.before = trigger.schedule.previous(before: moment, in: trigger.bounds)
        explanation.nearest.after = trigger.next(after: moment - .microseconds(1))
        return explanation
    }
}
