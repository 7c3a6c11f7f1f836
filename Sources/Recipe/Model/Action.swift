import CEL

/// One part of a run: the common keys and exactly one verb (DESIGN section 5).
public struct Action: Sendable {
    /// Its name in `actions.NAME`; nil for an action whose result nobody reads.
    public let id: String?
    /// What checkpoints are filed under: the id, or verb and position, below the enclosing action's path.
    public let path: String
    /// What people see in place of the id.
    public var name: String?
    /// The action is skipped when this is false.
    public var condition: Expression?
    /// The action runs once for each item of a list.
    public var forEach: ForEach?
    /// What it sends through; nil takes the recipe's.
    public var connection: ConnectionReference?
    /// The longest attempt as the action itself says; nil is the default of its verb.
    public var ownTimeout: Duration?
    /// How it tries again; nil is the recipe's, else the default of the verb.
    public var retry: RetryPolicy?
    /// What its failure means for the run.
    public var onError = ErrorPolicy.fail
    /// The action is done again and again until this holds.
    public var polling: Polling?
    /// Replaces the action's result.
    public var output: ValueTemplate?
    /// What it does.
    public let verb: Verb
    /// Where it stands in the file.
    public let place: Place

    init(id: String?, path: String, verb: Verb, place: Place) {
        self.id = id
        self.path = path
        self.verb = verb
        self.place = place
    }

    /// The longest attempt of a request or a program.
    public var timeout: Duration { ownTimeout ?? Defaults.actionTimeout }
}

/// The kinds of action.
///
/// A new one is a case here, a file in `Verbs/` that reads it, and a file in Engine that performs it.
public indirect enum Verb: Sendable {
    case http(HTTPAction)
    case use(OperationCall)
    case log(LogAction)
    case set([(key: String, value: ValueTemplate)])
    case wait(Template)
    case fail(Template)
    case stop(Template)
    case block([Action])
    case parallel([[Action]])
    case choose(Choice)
    case call(RecipeCall)
    case run(ProgramAction)
}

extension Verb {
    /// The lists of actions inside it.
    public var branches: [[Action]] {
        switch self {
        case .block(let actions): [actions]
        case .parallel(let branches): branches
        case .choose(let choice): choice.cases.map(\.actions) + [choice.otherwise]
        case .http(let request): request.pagination?.actions.map { [$0] } ?? []
        case .use, .log, .set, .wait, .fail, .stop, .call, .run: []
        }
    }
}

/// The verb `switch`: the first case that holds is done.
public struct Choice: Sendable {
    /// One case.
    public struct Case: Sendable {
        /// Says whether it is this one.
        public let condition: Expression
        /// What is done then.
        public let actions: [Action]
    }

    /// The cases in the order in which they are asked.
    public let cases: [Case]
    /// What is done when none of them holds; empty does nothing.
    public let otherwise: [Action]
}

/// The keys `until` and `every`: the action is repeated until its result is what was waited for.
///
/// A class, as few actions have it and all have room for it.
public final class Polling: Sendable {
    /// Ends it; sees `result`, and `response` after a request.
    public let condition: Expression
    /// The time from the end of one repetition to the begin of the next.
    public let interval: Duration

    init(condition: Expression, interval: Duration) {
        self.condition = condition
        self.interval = interval
    }
}

/// A `foreach` and what belongs to it.
///
/// A class, as few actions have it and all have room for it.
public final class ForEach: Sendable {
    /// Gives the list.
    public let list: Expression
    /// The item's name in expressions, beside `item`.
    public let name: String?
    /// How many items are done at a time.
    public let concurrency: Int
    /// How items are told that were done before.
    public let dedupe: Dedupe?

    init(list: Expression, name: String?, concurrency: Int, dedupe: Dedupe?) {
        self.list = list
        self.name = name
        self.concurrency = concurrency
        self.dedupe = dedupe
    }
}

/// What keeps an item of a `foreach` from being done twice, by one run or by several.
public struct Dedupe: Sendable {
    /// What two items have in common that are the same.
    public let key: Expression
    /// How long it is remembered that an item was done.
    public let ttl: Duration
}

/// What the failure of an action means for the run.
public enum ErrorPolicy: Sendable {
    /// The run fails.
    case fail
    /// The run goes on; the action's result is `{error: …}`.
    case proceed
    /// These actions are done, then the run goes on.
    case handle([Action])
}

/// When and how often an action tries again.
///
/// A class, since it never changes and many hold it: most recipes have their workspace's.
public final class RetryPolicy: Sendable {
    /// How the wait grows.
    public enum Backoff: String, Sendable, CaseIterable {
        case exponential, fixed
    }

    /// What is worth another attempt.
    public enum Condition: Sendable, Hashable {
        case network
        case timeout
        /// A program ended with an exit code that was not expected.
        case exit
        case statuses(ClosedRange<Int>)
    }

    /// Attempts in all, the first included.
    public let attempts: Int
    /// How the wait grows from one attempt to the next.
    public let backoff: Backoff
    /// The first wait.
    public let initial: Duration
    /// The longest wait, `Retry-After` excepted.
    public let max: Duration
    /// Waits are drawn between zero and the computed length, so that many runs do not return at once.
    public let hasJitter: Bool
    /// What is tried again.
    public let conditions: [Condition]
    /// A last word on whether to try again; sees `error` and `response`.
    public let condition: Expression?

    /// What idempotent requests do unless they are told otherwise: 3 attempts on network errors, 429 and 502 to 504.
    public static let idempotentDefault = RetryPolicy(
        attempts: 3,
        conditions: [.network, .statuses(429...429), .statuses(502...504)]
    )
    /// One attempt.
    public static let never = RetryPolicy(attempts: 1, conditions: [])

    init(
        attempts: Int,
        backoff: Backoff = .exponential,
        initial: Duration = Defaults.retryInitial,
        max: Duration = Defaults.retryMax,
        hasJitter: Bool = true,
        conditions: [Condition],
        condition: Expression? = nil
    ) {
        self.attempts = attempts
        self.backoff = backoff
        self.initial = initial
        self.max = max
        self.hasJitter = hasJitter
        self.conditions = conditions
        self.condition = condition
    }
}
