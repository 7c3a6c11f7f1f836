public import Recipe
public import Schedule
public import Store

/// Answers why a recipe did, or did not, run at a time: from its triggers, and from the records.
public struct FireExplainer: Sendable {
    let store: (any Store & FireReading)?
    let now: Instant

    /// An explainer; without a store nothing has run yet.
    public init(_ store: (any Store & FireReading)?, now: Instant) {
        self.store = store
        self.now = now
    }

    /// Explains a time, each trigger by itself; the one whose answer weighs most comes first.
    ///
    /// - Parameter asked: the time in the zone of a trigger.
    public func explain(
        _ recipe: Recipe,
        at asked: (Zone) -> AskedTime
    ) async throws(StoreError) -> [Explanation] {
        var answers: [Explanation] = []
        for trigger in recipe.triggers {
            answers.append(try await explain(recipe, trigger, asked(trigger.zone)))
        }
        let zone = recipe.triggers.first?.zone ?? .utc
        // A run that is there weighs more than any reason why there is none.
        if !answers.contains(where: { $0.run != nil }), let other = try await otherRun(recipe, asked(zone), zone) {
            answers.insert(other, at: 0)
        }
        if answers.isEmpty {
            answers.append(
                Explanation(verdict: .noTrigger, sentence: "\(recipe.name) has no trigger: only a person starts it")
            )
        }
        if answers.count > 1, answers.allSatisfy({ $0.verdict == .notScheduled }) {
            return [none(of: answers, recipe)] + answers
        }
        return answers.enumerated().sorted { left, right in
            (left.element.verdict.weight, left.offset) < (right.element.verdict.weight, right.offset)
        }.map(\.element)
    }

    /// Explains the newest fire that is due, else the next one.
    public func explainNewest(_ recipe: Recipe) async throws(StoreError) -> Explanation {
        var newest: (time: Instant, trigger: Trigger)?
        var next: (time: Instant, trigger: Trigger)?
        for trigger in recipe.triggers {
            let history = try await history(recipe, trigger)
            if let time = trigger.schedule.previous(before: now + .microseconds(1), in: trigger.bounds),
                let since = history?.spans.first?.since, time > since, newest.map({ time > $0.time }) ?? true
            {
                newest = (time, trigger)
            }
            if let time = trigger.next(after: now), next.map({ time < $0.time }) ?? true { next = (time, trigger) }
        }
        guard let (time, trigger) = newest ?? next else {
            let reason =
                recipe.triggers.isEmpty ? "has no trigger: only a person starts it" : "has no fire time any more"
            return Explanation(verdict: .noTrigger, sentence: "\(recipe.name) \(reason)")
        }
        let outcome = try await outcome(of: time, trigger, recipe)
        return outcome.explanation("\(recipe.name): `\(trigger.text)` \(outcome.clause)", trigger)
    }

    func history(_ recipe: Recipe, _ trigger: Trigger) async throws(StoreError) -> TriggerHistory? {
        try await store?.triggerHistories(of: recipe.name).first { $0.key.trigger == trigger.id }
    }

    // MARK: Several triggers, and none

    private func none(of answers: [Explanation], _ recipe: Recipe) -> Explanation {
        let reasons = answers.map { $0.sentence.dropFirst(recipe.name.count + 2) }.joined(separator: "; ")
        var answer = Explanation(verdict: .notScheduled, sentence: "\(recipe.name): \(reasons)")
        answer.nearest.before = answers.compactMap(\.nearest.before).max()
        answer.nearest.after = answers.compactMap(\.nearest.after).min()
        return answer
    }

    /// A record at the time asked about that belongs to none of the recipe's present triggers.
    private func otherRun(_ recipe: Recipe, _ asked: AskedTime, _ zone: Zone) async throws(StoreError) -> Explanation? {
        guard case .once(let moment) = asked.moments, let store else { return nil }
        let query = RunQuery(recipe: recipe.name, from: moment, to: moment + asked.precision, limit: 1)
        guard let run = try await store.runs(query).first else { return nil }
        let time = run.fire.scheduledAt.rfc3339(in: zone)
        let origin =
            switch run.fire.trigger {
            case TriggerName.once: "a person ran it (`runner once`)"
            case let name where name.hasSuffix(Scheduler.startSuffix): "the process started (run_on_start)"
            default: "a trigger that it has no more asked for it"
            }
        var answer = Explanation(
            verdict: run.startedAt == nil ? FireOutcome.verdict(of: run) : .byHand,
            sentence: "\(recipe.name): at \(time) \(origin): \(FireOutcome.words(run))"
        )
        answer.fireTime = run.fire.scheduledAt
        answer.run = run
        return answer
    }
}

extension Explanation.Verdict {
    /// Of several triggers the one that fired explains a time better than one that did not ask for it.
    fileprivate var weight: Int {
        switch self {
        case .lost: 0
        case .ran: 1
        case .skipped, .missed, .paused: 2
        case .pending, .ahead: 3
        case .byHand: 4
        case .pruned: 5
        case .notOwed, .outOfBounds, .disabled: 6
        case .skippedByClocks: 7
        case .notScheduled, .noTrigger: 8
        }
    }
}
