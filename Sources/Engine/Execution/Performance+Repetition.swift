import CEL
import Connections
import Recipe
import Schedule
import Store

extension Performance {
    /// Performs the verb as its action's `until`, `retry` and `timeout` ask, as far as the verb does not see to that itself.
    ///
    /// `done` is what an earlier process left of the action.
    func performRepeatedly(in scope: inout Scope, after done: ActionRecord?) async throws(Exit) -> VerbResult {
        var outer = position
        // A limit of time would begin again with a run that was parked.
        if step.action.ownTimeout != nil { outer.canPark = false }
        guard let polling = step.action.polling else { return try await at(outer).performPersistently(in: &scope) }
        let isComposite = step.action.verb.isComposite
        var round = 0
        if isComposite, let left = done?.round {
            round = left.number
            scope["vars"] = left.variables
        }
        var attempts = 0
        while true {
            // Each round of actions has checkpoints of its own, as the items of a `foreach` have.
            let place = isComposite ? outer.item(round, isConcurrent: false) : outer
            if isComposite, round > 0 { try await note(round, scope["vars"] ?? .map([:])) }
            var result = try await at(place).performPersistently(in: &scope)
            attempts += result.attempts
            result.attempts = attempts
            let visible = scope.seeing(result, in: run.plan)
            if try run.holds(polling.condition, as: "until", of: step, in: visible) { return result }
            try await run.checkpoints.flush()
            try await pause(polling.interval)
            if position.isHalted { throw .cancelled }
            round += 1
        }
    }

    /// The same with another position for the actions inside.
    private func at(_ position: Position) -> Performance {
        Performance(run: run, step: step, key: key, record: record, position: position)
    }

    /// Tries again what failed, where the action has a `retry` and the verb is made of other actions.
    private func performPersistently(in scope: inout Scope) async throws(Exit) -> VerbResult {
        guard step.action.verb.isComposite else { return try await step.action.verb.perform(self, in: &scope) }
        guard let policy = step.action.retry else { return try await performLimited(in: &scope) }
        var attempt = 0
        while true {
            attempt += 1
            var inner = scope
            let failure: RunError
            do {
                var result = try await performLimited(in: &inner)
                scope = inner
                result.attempts = attempt
                return result
            } catch {
                guard case .failed(let found) = error else { throw error }
                failure = found
            }
            let wait = Retry(policy: policy).wait(
                after: Retry.Failure(kind: failure.kind, status: failure.status),
                attempt: attempt,
                random: .random(in: 0...1),
                remaining: run.remaining
            )
            guard let wait, try isWorthIt(policy, failure, in: scope), !position.isHalted else {
                throw .failed(failure)
            }
            note(failure, attempt: attempt, retryIn: wait)
            try await pause(wait)
        }
    }

    /// The last word of `retry: {while: …}`.
    func isWorthIt(_ policy: RetryPolicy, _ failure: RunError, in scope: Scope) throws(Exit) -> Bool {
        guard let condition = policy.condition else { return true }
        var visible = scope.with("error", failure.value)
        visible["response"] = .null
        return try run.holds(condition, as: "while", of: step, in: visible)
    }

    /// Says that an attempt failed and another follows.
    func note(_ failure: RunError, attempt: Int, retryIn wait: Duration) {
        let message = run.redact(failure.message)
        run.report(.attemptFailed(run.describe(step, position), attempt: attempt, message: message, retryIn: wait))
    }

    func pause(_ length: Duration) async throws(Exit) {
        do {
            try await run.services.clock.sleep(for: length)
        } catch {
            throw .cancelled
        }
    }

    // MARK: Time

    private struct Limited: Sendable {
        let result: Result<VerbResult, Exit>
        let scope: Scope
    }

    /// Performs actions within the `timeout` of the action around them.
    private func performLimited(in scope: inout Scope) async throws(Exit) -> VerbResult {
        guard let limit = step.action.ownTimeout else { return try await step.action.verb.perform(self, in: &scope) }
        let before = scope
        let (limited, isExpired) = await run.services.deadlines.run(within: limit) { await self.outcome(in: before) }
        switch limited.result {
        case .success(let result):
            scope = limited.scope
            return result
        case .failure(.cancelled) where isExpired && !Task.isCancelled:
            throw failure(.timeout, "not done within \(DurationText.format(limit))")
        case .failure(let exit): throw exit
        }
    }

    private func outcome(in scope: Scope) async -> Limited {
        var inner = scope
        do {
            let result = try await step.action.verb.perform(self, in: &inner)
            return Limited(result: .success(result), scope: inner)
        } catch {
            return Limited(result: .failure(error), scope: scope)
        }
    }

    // MARK: Rounds

    /// Makes durable how far repeated actions are, so that a resumed run goes on in the round where it was.
    private func note(_ round: Int, _ variables: Value) async throws(Exit) {
        var record = record
        record.result = .map(["round": .int(Int64(round)), "vars": variables])
        try await run.checkpoints.flush()
        try await run.checkpoints.begin(record)
    }
}

extension ActionRecord {
    /// The round in which repeated actions were, and the variables at its begin.
    fileprivate var round: (number: Int, variables: Value)? {
        guard status == .started, case .int(let number) = result?["round"], let variables = result?["vars"] else {
            return nil
        }
        return (Int(number), variables)
    }
}
