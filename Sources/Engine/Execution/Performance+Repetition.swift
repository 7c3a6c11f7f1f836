import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization

extension Performance {
    /// Performs the verb as its action's `until`, `retry` and `timeout` ask, as far as the verb does not see to that itself.
    ///
    /// `done` is what an earlier process left of the action.
    func performRepeatedly(in scope: inout Scope, after done: ActionRecord?) async throws(Exit) -> VerbResult {
        var outer = position
        // A limit of time would begin again with a run that was parked.
        if step.action.ownTimeout != nil { outer.canPark = false }
        let isComposite = step.action.verb.isComposite
        var progress = isComposite ? done?.progress ?? Progress() : Progress()
        guard let polling = step.action.polling else {
            return try await at(outer).performPersistently(in: &scope, progress)
        }
        if let variables = progress.variables { scope["vars"] = variables }
        var attempts = 0
        while true {
            // Each round of actions has checkpoints of its own, as the items of a `foreach` have.
            let place = isComposite ? outer.item(progress.round, isConcurrent: false) : outer
            var result = try await at(place).performPersistently(in: &scope, progress)
            attempts += result.attempts
            result.attempts = attempts
            let visible = scope.seeing(result, in: run.plan)
            if try run.holds(polling.condition, as: "until", of: step, in: visible) { return result }
            try await run.checkpoints.flush()
            try await pause(polling.interval)
            if position.isHalted { throw .cancelled }
            progress = Progress(round: progress.round + 1, variables: scope["vars"] ?? .map([:]))
            // A resumed run goes on in the round where it was.
            if isComposite {
                try await run.checkpoints.flush()
                try await run.checkpoints.begin(record(of: progress))
            }
        }
    }

    /// The same with another position for the actions inside.
    private func at(_ position: Position) -> Performance {
        Performance(run: run, step: step, key: key, record: record, position: position)
    }

    /// Tries again what failed, where the action has a `retry` and the verb is made of other actions.
    private func performPersistently(in scope: inout Scope, _ progress: Progress) async throws(Exit) -> VerbResult {
        guard step.action.verb.isComposite else { return try await step.action.verb.perform(self, in: &scope) }
        guard let policy = step.action.retry else { return try await performLimited(in: &scope) }
        var progress = progress
        while true {
            let attempt = progress.attempt
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
            progress.attempt += 1
            // A resumed run goes on with this attempt, and not with what an earlier one did.
            let inside = InnerActions(below: [key.path], index: position.index)
            try await run.checkpoints.restart(inside, by: record(of: progress))
            run.ledger.withLock { $0.restart(inside) }
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

    // MARK: Progress

    /// The record that says how far repeated actions are.
    private func record(of progress: Progress) -> ActionRecord {
        var record = record
        record.result = progress.value
        return record
    }
}

/// How far actions that are repeated have come.
private struct Progress {
    /// The round of `until`, from 0.
    var round = 0
    /// The variables at its begin; nil in the first.
    var variables: Value?
    /// The attempt of `retry` in this round, from 1.
    var attempt = 1

    var value: Value {
        var map: ValueMap = [:]
        if let variables {
            map["round"] = .int(Int64(round))
            map["vars"] = variables
        }
        if attempt > 1 { map["attempt"] = .int(Int64(attempt)) }
        return .map(map)
    }
}

extension ActionRecord {
    /// How far repeated actions were.
    fileprivate var progress: Progress? {
        guard status == .started, let result else { return nil }
        var progress = Progress()
        if case .int(let round) = result["round"], let variables = result["vars"] {
            progress.round = Int(round)
            progress.variables = variables
        }
        if case .int(let attempt) = result["attempt"] { progress.attempt = Int(attempt) }
        return progress
    }
}
