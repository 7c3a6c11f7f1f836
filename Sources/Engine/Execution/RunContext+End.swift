import CEL
import Connections
import Recipe
import Schedule
import Store
import Synchronization

/// How the actions of a run ended, before the end is recorded.
///
/// A class: it is large, and every call on the way to the end has room for one.
final class Ending: Sendable {
    let status: RunStatus
    let reason: String?
    let error: RunError?
    let output: Value?
    let state: Value?
    let storeError: StoreError?
    let parkedUntil: Instant?

    init(
        status: RunStatus,
        reason: String? = nil,
        error: RunError? = nil,
        output: Value? = nil,
        state: Value? = nil,
        storeError: StoreError? = nil,
        parkedUntil: Instant? = nil
    ) {
        self.status = status
        self.reason = reason
        self.error = error
        self.output = output
        self.state = state
        self.storeError = storeError
        self.parkedUntil = parkedUntil
    }

    static func failed(_ error: RunError) -> Ending {
        Ending(status: .failed, reason: error.description, error: error)
    }

    static func outcomeUnknown(_ reason: String) -> Ending {
        Ending(status: .interrupted, reason: reason, error: RunError(kind: .interrupted, message: reason))
    }

    static func storeFailed(_ error: StoreError) -> Ending {
        Ending(status: .interrupted, reason: error.description, storeError: error)
    }
}

extension RunContext {
    /// Performs the run's actions, unless it is to fail at once.
    func performFirst() async -> (Ending, Scope) {
        guard case .fail(let reason) = order.terms.beginning else { return await performMain() }
        let ending = Ending.failed(RunError(kind: .interrupted, message: reason))
        do {
            return (ending, try await initialScope())
        } catch {
            // The actions that follow see no variables then; what fails of them is said by themselves.
            let message = "the variables of the run cannot be had"
            report(.log(run: run, recipe: plan.recipe.name, .warning, message: message))
            return (ending, Scope())
        }
    }

    /// Performs the actions that an outcome asks for, and records the end of the run.
    func complete(_ before: Ending, _ scope: Scope, since start: Duration) async -> RunResult {
        var ending = before
        if ending.storeError == nil, ending.isOver, ending.hasSequel(in: plan) {
            ending = await performSequel(of: ending, scope: scope)
        }
        let result = await finish(ending, since: start)
        if order.terms.callsHeartbeat, plan.recipe.alarms.heartbeat != nil, result.status == .succeeded,
            result.storeError == nil
        {
            await callHeartbeat()
        }
        return result
    }

    /// What follows an end: it is not stopped by what stopped the actions, and has as much time again.
    func performSequel(of before: Ending, scope: Scope) async -> Ending {
        let sequel = RunContext(after: self)
        let (after, isExpired) = await services.deadlines.run(within: plan.recipe.timeout) {
            await sequel.performAfter(before, scope: scope)
        }
        guard isExpired, after.status == .succeeded else { return after }
        let limit = DurationText.format(plan.recipe.timeout)
        return .failed(RunError(kind: .timeout, message: "the actions after the run took longer than \(limit)"))
    }

    /// The actions proper, which the run's timeout and its handle cancel.
    private func performMain() async -> (Ending, Scope) {
        handle.actionsBegin()
        let ticket = services.deadlines.add(after: remaining) { [handle] in handle.cancel(.timeout) }
        let (result, scope) = await performActions()
        services.deadlines.remove(ticket)
        handle.actionsEnded()
        switch result {
        case .success(let ending): return (ending, scope)
        case .failure(let exit): return (ending(of: exit), scope)
        }
    }

    /// The actions proper, and the output that they leave.
    func performActions() async -> (result: Result<Ending, Exit>, scope: Scope) {
        var scope = Scope()
        do throws(Exit) {
            scope = try await initialScope()
            var last: Value?
            var reason: String?
            do throws(Exit) {
                last = try await perform(plan.actions, in: &scope, at: base)
            } catch {
                guard case .stopped(let why) = error else { throw error }
                reason = redact(why)
            }
            return (.success(try success(in: scope, last: last, reason: reason)), scope)
        } catch {
            return (.failure(error), scope)
        }
    }

    /// What a successful run leaves: its output and its cursor.
    private func success(in scope: Scope, last: Value?, reason: String?) throws(Exit) -> Ending {
        do {
            let output = try plan.recipe.output?.evaluate(in: scope).storable ?? last
            let state = order.terms.commitsState ? try plan.recipe.state?.evaluate(in: scope).storable : nil
            return Ending(status: .succeeded, reason: reason, output: output, state: state)
        } catch {
            throw .failed(redact(RunError(error, action: nil)))
        }
    }

    private func ending(of exit: Exit) -> Ending {
        switch exit {
        case .failed(let error): return .failed(redact(error))
        case .stopped(let reason): return Ending(status: .succeeded, reason: redact(reason))
        case .outcomeUnknown(let reason): return .outcomeUnknown(reason)
        case .store(let error): return .storeFailed(error)
        case .parked(let until): return Ending(status: .running, parkedUntil: until)
        case .cancelled:
            switch handle.reason {
            case .shutdown: return Ending(status: .interrupted, reason: Interruption.shutdown)
            case .request(let reason): return Ending(status: .cancelled, reason: reason)
            case .person: return Ending(status: .cancelled, reason: "cancelled")
            // Without a reason it is the deadline, which an attempt saw a moment before the alarm rang.
            case .timeout, nil:
                let message = "the run took longer than its timeout of \(DurationText.format(plan.recipe.timeout))"
                return Ending(status: .timedOut, reason: message, error: RunError(kind: .timeout, message: message))
            }
        }
    }

    // MARK: Afterwards

    /// `on_success` or `on_failure`, then `finally`.
    ///
    /// When one of them fails, a run that was going well has failed.
    private func performAfter(_ before: Ending, scope: Scope) async -> Ending {
        var ending = before
        switch ending.status {
        case .succeeded: await perform(after: plan.onSuccess, scope, &ending)
        case .failed, .timedOut, .interrupted:
            await perform(after: plan.onFailure, scope.with("error", ending.error?.value ?? .null), &ending)
        default: break
        }
        await perform(after: plan.finally, scope.with("error", ending.error?.value ?? .null), &ending)
        return ending
    }

    private func perform(after actions: [Step], _ scope: Scope, _ ending: inout Ending) async {
        guard !actions.isEmpty, ending.storeError == nil else { return }
        var scope = scope
        do {
            try await perform(actions, in: &scope, at: base)
        } catch {
            switch error {
            case .failed(let failure): if ending.status == .succeeded { ending = .failed(redact(failure)) }
            case .store(let failure): ending = .storeFailed(failure)
            case .outcomeUnknown(let reason): ending = .outcomeUnknown(reason)
            case .stopped, .cancelled, .parked: break
            }
        }
    }

    // MARK: The record

    /// Records the end, and tells of it.
    func finish(_ ending: Ending, since start: Duration) async -> RunResult {
        if let until = ending.parkedUntil { return await park(until, since: start) }
        let finishedAt = services.clock.now()
        var storeError = ending.storeError
        if !ending.isFenced {
            let end = end(ending, at: finishedAt)
            do {
                try await services.store.finish(end, fence: order.run.fence)
            } catch {
                if let error = await finishLater(end, after: error) { storeError = error }
            }
        }
        return conclude(ending, storeError, at: finishedAt, since: start)
    }

    /// Goes on asking a store that has refused the end of the run; gives what it has against it, nil once it has taken it.
    @inline(never)
    private func finishLater(_ end: RunEnd, after refusal: StoreError) async -> StoreError? {
        var refusal = refusal
        var isFirst = true
        while await mayAskAgain(after: refusal, isFirst: isFirst) {
            isFirst = false
            do {
                try await services.store.finish(end, fence: order.run.fence)
                return nil
            } catch {
                refusal = error
            }
        }
        return refusal
    }

    /// Whether the store is asked again, after a pause.
    ///
    /// A run that has ended, and has no record of it, counts as going for as long as its process lives, and its recipe waits for it: so a process that goes
    /// on insists. When it stops, the next one takes the run up after its last checkpoint. An ad-hoc run says at once what is wrong.
    private func mayAskAgain(after refusal: StoreError, isFirst: Bool) async -> Bool {
        if case .fenced = refusal { return false }
        guard order.terms.canPark, !handle.isShutdown else { return false }
        if isFirst { report(.storeFailed(refusal)) }
        do {
            try await services.clock.sleep(for: Self.storePause)
        } catch {
            return false
        }
        return true
    }

    /// How long it waits before it asks a store again that refused.
    private static var storePause: Duration { .seconds(1) }

    /// What the store is told of the end.
    // Not inlined, as the next: while the store writes, what they work with would stay in memory.
    @inline(never)
    private func end(_ ending: Ending, at finishedAt: Instant) -> RunEnd {
        let areMarksComplete = checkpoints.areMarksComplete
        var end = RunEnd(
            run: run,
            status: ending.status,
            finishedAt: finishedAt,
            reason: ending.reason,
            error: ending.error.map(\.description),
            lateness: lateness,
            actions: checkpoints.takeWaiting(),
            output: ending.output,
            state: ending.state
        )
        end.startedAt = order.run.startedAt
        end.outputSecrets = services.redactor.secrets(in: order.inputs)
        // In the record of an action they are marked already, unless more was learnt since.
        if let output = ending.output, !areMarksComplete || !end.outputSecrets.isEmpty || !end.isOutputRecorded {
            end.outputSecrets += services.redactor.secrets(in: output)
        }
        if let state = ending.state { end.stateSecrets = services.redactor.secrets(in: state) }
        return end
    }

    /// Tells of the end.
    @inline(never)
    private func conclude(
        _ ending: Ending,
        _ storeError: StoreError?,
        at finishedAt: Instant,
        since start: Duration
    ) -> RunResult {
        let result = RunResult(
            run: run,
            status: ending.status,
            reason: ending.reason,
            output: ending.output,
            error: ending.error,
            storeError: storeError,
            duration: services.clock.uptime() - start,
            lateness: lateness
        )
        if let error = result.storeError { report(.storeFailed(error)) }
        var record = order.run
        record.status = result.status
        record.reason = result.reason
        record.finishedAt = finishedAt
        record.lateness = lateness
        report(.runFinished(record, result))
        return result
    }
}

extension RunContext {
    /// Lets the run out of memory, with all that it needs to go on.
    private func park(_ until: Instant, since start: Duration) async -> RunResult {
        var result = RunResult(
            run: run,
            status: .running,
            duration: services.clock.uptime() - start,
            lateness: lateness
        )
        var parking = Parking(
            run: run,
            until: until,
            spent: plan.recipe.timeout - remaining,
            lateness: lateness,
            actions: checkpoints.takeWaiting()
        )
        if let known = beginning.withLock({ $0 }) {
            let now = services.clock.now()
            let key = Self.beginningKey
            let record = ActionRecord(
                run: run,
                path: key.path,
                index: key.index,
                status: .succeeded,
                result: known,
                startedAt: now,
                finishedAt: now
            )
            parking.actions.append(checkpoints.marked(record))
        }
        var isFirst = true
        while true {
            do {
                result.parkedUntil = try await services.store.park(parking, fence: order.run.fence)
                report(.runParked(order.run, until: until))
                return result
            } catch {
                if await mayAskAgain(after: error, isFirst: isFirst) {
                    isFirst = false
                    continue
                }
                // Its record stays `running`: the next process takes it up after its last checkpoint.
                result.status = .interrupted
                result.reason = error.description
                result.storeError = error
                report(.storeFailed(error))
                return result
            }
        }
    }
}

extension Ending {
    /// The run belongs to somebody else by now: nothing of it may be written.
    fileprivate var isFenced: Bool { if case .fenced = storeError { true } else { false } }

    /// Whether the run has ended for good; one that is parked goes on later, one that a shutdown interrupted in the next process.
    fileprivate var isOver: Bool { reason != Interruption.shutdown && parkedUntil == nil }

    /// Whether the recipe has actions that follow this end.
    func hasSequel(in plan: RecipePlan) -> Bool {
        if !plan.finally.isEmpty { return true }
        return status == .succeeded ? !plan.onSuccess.isEmpty : !plan.onFailure.isEmpty
    }
}

/// Reasons of interrupted runs that others must recognize.
enum Interruption {
    /// The process was stopped: the next one resumes the run.
    ///
    /// No other interrupted run is resumed by itself.
    static let shutdown = "shutdown: the process stopped before the run was done"
}
