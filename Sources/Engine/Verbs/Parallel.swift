import CEL
import Recipe

extension Performance {
    /// The verb `parallel`: all branches at the same time; its result is the list of their last results.
    ///
    /// When one fails, the others finish the action they are at and begin no other. What branches `set` is taken over in their order when all have
    /// ended, so that of two that set the same variable the later one counts.
    func performParallel(in scope: inout Scope) async throws(Exit) -> VerbResult {
        // What was done before must be durable before several effects begin at once.
        try await run.checkpoints.flush()
        let halt = Halt(within: position.halt)
        var place = position
        place.isConcurrent = true
        place.canPark = false
        place.halt = halt
        let (before, inside) = (scope, place)
        var ends = [BranchEnd?](repeating: nil, count: step.branches.count)
        let failure = await withTaskGroup(of: BranchOutcome.self) { group -> Exit? in
            for number in step.branches.indices {
                group.addTask { await self.outcome(ofBranch: number, in: before, at: inside, halt) }
            }
            var failure: Exit?
            for await outcome in group {
                switch (outcome.result, failure) {
                case (.success(let end), _): ends[outcome.number] = end
                // What a failure elsewhere has halted is no failure of its own.
                case (.failure(let exit), nil), (.failure(let exit), .cancelled?): failure = exit
                case (.failure, _?): break
                }
            }
            return failure
        }
        if !position.isConcurrent { try await run.checkpoints.settle() }
        if let failure { throw failure }
        for end in ends { scope.takeChanges(of: end?.variables, since: before["vars"]) }
        return VerbResult(value: .list(ends.map { $0?.last ?? .null }))
    }

    /// What a branch leaves.
    private struct BranchEnd: Sendable {
        let last: Value?
        let variables: Value?
    }

    private struct BranchOutcome: Sendable {
        let number: Int
        let result: Result<BranchEnd, Exit>
    }

    /// One branch as a value: a task's closure with a typed throw in it gave a wrong number in optimised builds (Swift 6.3.1).
    private func outcome(
        ofBranch number: Int,
        in scope: Scope,
        at place: Position,
        _ halt: Halt
    ) async -> BranchOutcome {
        var inner = scope
        do {
            let last = try await run.perform(step.branches[number], in: &inner, at: place)
            return BranchOutcome(number: number, result: .success(BranchEnd(last: last, variables: inner["vars"])))
        } catch {
            halt.raise()
            return BranchOutcome(number: number, result: .failure(error))
        }
    }
}

/// Says to the branches of a `parallel` that one of them has failed, so that the others begin no further action.
final class Halt: Sendable {
    private let outer: Halt?
    private let flag = Flag()

    /// The one for a `parallel` inside another's branch, which the outer one halts as well.
    init(within outer: Halt?) {
        self.outer = outer
    }

    /// Whether anything more may be begun.
    var isRaised: Bool { flag.isRaised || outer?.isRaised ?? false }

    /// Halts the branches.
    func raise() { flag.raise() }
}

extension Scope {
    /// Takes over the variables that differ from what they were.
    fileprivate mutating func takeChanges(of variables: Value?, since before: Value?) {
        guard case .map(let new) = variables, case .map(let old) = before ?? .map([:]) else { return }
        for entry in new where old[entry.key] != entry.value {
            if case .string(let name) = entry.key { set(member: name, of: "vars", to: entry.value) }
        }
    }
}
