public import CEL
public import Schedule

/// A state that a recipe has, or had not long ago.
public struct StateVersion: Sendable, Hashable {
    /// The run that left it; nil when a person set it, or nobody knows.
    public var run: RunID?
    /// When it came into force; nil for one from before the history was kept.
    public var at: Instant?
    /// The state; nil stands for none.
    public var state: Value?
    /// The secrets in it, as far as the run that left it knew them: what shows it hides them.
    public var secrets: [String] = []
    /// Whether it is in force.
    public var isCurrent: Bool

    /// A state.
    public init(run: RunID?, at: Instant?, state: Value?, isCurrent: Bool) {
        self.run = run
        self.at = at
        self.state = state
        self.isCurrent = isCurrent
    }

    /// So many states of a recipe are kept, the one in force included.
    public static let limit = 20
}

/// What a person does with a recipe's state.
public enum StateEdit: Sendable, Hashable {
    /// Another one takes its place; nil removes it.
    case set(Value?)
    /// What was in force before the present one is so again.
    case previous
    /// What this run left is in force again.
    case left(by: RunID)
}

/// The store's answer to a change of a recipe's state.
public enum StateOutcome: Sendable, Hashable {
    /// This is in force now; nil: the recipe has none.
    case changed(Value?)
    /// A run of the recipe is live, and would leave a state of its own.
    case busy(RunID)
    /// There is no such earlier state, or it is not kept any more.
    case unknown
    /// The recipe that should get the state has one of its own.
    case occupied
}
