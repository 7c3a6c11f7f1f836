import CEL
import Recipe
import Store

/// What a verb gave.
struct VerbResult: Sendable {
    /// The action's result, unless `output:` replaces it.
    var value: Value
    /// What a checkpoint keeps of it, where other checkpoints have the rest; nil is all.
    var stored: Value?
    /// How many attempts it took.
    var attempts = 1
    /// Method, host and status, for people.
    var request: String?
    /// `response` for the action's `output:`.
    var response: Value?
    /// It holds so much that many of its kind should not wait in memory.
    var isLarge = false
}

/// One performance of an action: what a verb is given beside the variables.
final class Performance: Sendable {
    let run: RunContext
    let step: Step
    let key: ActionKey
    /// The record of the action, as it is before the end.
    let record: ActionRecord
    let position: Position

    init(run: RunContext, step: Step, key: ActionKey, record: ActionRecord, position: Position) {
        self.run = run
        self.step = step
        self.key = key
        self.record = record
        self.position = position
    }

    /// When what it did becomes durable: beside other actions the end of the run may be far, and no order says what is next.
    ///
    /// A large result at once: many of them would not leave memory.
    func durability(of result: VerbResult) -> Checkpoints.Durability {
        durability == .soon && result.isLarge ? .atOnce : durability
    }

    /// The same, whatever the result will be.
    var durability: Checkpoints.Durability {
        guard position.isConcurrent, step.action.verb.hasEffect else { return .later }
        // That an item was done counts for other runs as well.
        let mayBeLost = step.action.verb.isSafe && run.delivery == .atLeastOnce && !step.hasDedupe
        return mayBeLost ? .soon : .atOnce
    }

    /// An error of this action.
    func failure(_ kind: RunError.Kind, _ message: String) -> Exit {
        .failed(RunError(action: step.action.path, kind: kind, message: message, place: step.action.place))
    }

    /// An expression's value.
    func evaluate<Result>(_ body: () throws(ExpressionError) -> Result) throws(Exit) -> Result {
        try run.evaluate(step, body)
    }
}

extension Action {
    /// Whether it may be done again when nobody knows whether it was done; what is repeated until it has come true is meant to be.
    var isRepeatable: Bool { polling != nil || verb.isRepeatable }
}

/// The kinds of action, in one place: a new one is a case of `Verb`, a file beside this one, and a line in each of these lists.
extension Verb {
    /// Performs the verb.
    func perform(_ performance: Performance, in scope: inout Scope) async throws(Exit) -> VerbResult {
        // By itself: what the other verbs work with would stay in memory with each request that waits.
        if case .http(let request) = self { return try await performance.send(request, in: &scope) }
        return try await performOther(performance, in: &scope)
    }

    private func performOther(_ performance: Performance, in scope: inout Scope) async throws(Exit) -> VerbResult {
        switch self {
        case .http(let request): try await performance.send(request, in: &scope)
        case .use(let call): try await performance.use(call, in: scope)
        case .log(let log): try performance.log(log, in: scope)
        case .set(let variables): try performance.set(variables, in: &scope)
        case .wait(let duration): try await performance.wait(duration, in: scope)
        case .fail(let message): try performance.fail(message, in: scope)
        case .stop(let reason): try performance.stop(reason, in: scope)
        case .block: try await performance.performBlock(in: &scope)
        case .parallel: try await performance.performParallel(in: &scope)
        case .choose(let choice): try await performance.choose(choice, in: &scope)
        case .call(let call): try await performance.call(call, in: scope)
        case .run(let program): try await ProgramRunner(performance, program, in: scope).perform()
        }
    }

    /// Whether it does something outside the run, so that what was done before must be durable first.
    var hasEffect: Bool {
        switch self {
        case .http, .use, .wait, .block, .parallel, .choose, .call, .run: true
        case .log, .set, .fail, .stop: false
        }
    }

    /// Whether doing it again changes nothing anywhere.
    var isSafe: Bool {
        switch self {
        case .http(let request): request.isSafe
        case .use(let call): call.operation.request.isSafe
        case .log, .set, .wait, .fail, .stop, .block, .parallel, .choose, .call, .run: false
        }
    }

    /// Whether it may be done again when nobody knows whether it was done.
    var isRepeatable: Bool {
        switch self {
        case .http(let request): request.isRepeatable
        case .use(let call): call.operation.request.isRepeatable
        case .run(let program): program.isIdempotent
        case .log, .set, .wait, .fail, .stop, .block, .parallel, .choose, .call: true
        }
    }

    /// Whether it is made of other actions, which have checkpoints and limits of their own.
    var isComposite: Bool {
        switch self {
        case .block, .parallel, .choose, .call: true
        case .http, .use, .log, .set, .wait, .fail, .stop, .run: false
        }
    }

    /// Whether its result is found again from the checkpoints of the actions inside, which also restore what they set.
    var isRestoredFromInside: Bool {
        switch self {
        case .block, .parallel, .choose: true
        case .http, .use, .log, .set, .wait, .fail, .stop, .call, .run: false
        }
    }

    /// Every expression in it.
    var expressions: [Expression] {
        switch self {
        case .http(let request): request.expressions
        case .use(let call): call.arguments?.expressions ?? []
        case .log(let log): log.message.expressions
        case .set(let variables): variables.flatMap(\.value.expressions)
        case .wait(let template), .fail(let template), .stop(let template): template.expressions
        case .block, .parallel: branches.joined().flatMap(\.expressions)
        case .choose(let choice): choice.cases.map(\.condition) + branches.joined().flatMap(\.expressions)
        case .call(let call): call.inputs?.expressions ?? []
        case .run(let program): program.expressions
        }
    }
}
