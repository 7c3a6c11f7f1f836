public import CEL

/// What the store does with a fire whose recipe still has a live run.
public enum OverlapRule: String, Sendable, Hashable, CaseIterable {
    /// Records the fire as `skipped`, naming the run in the way.
    case skip
    /// Starts it beside the other.
    case allow
}

/// The wish to run one fire.
public struct ClaimRequest: Sendable, Hashable {
    /// The record to insert: status `running` (or `queued`), node set, fence 1.
    public var run: RunRecord
    /// The rule when another run of the recipe is live.
    public var overlap: OverlapRule
    /// What the run is started with; sealed at rest.
    public var inputs: Value?

    /// A request.
    public init(run: RunRecord, overlap: OverlapRule, inputs: Value? = nil) {
        self.run = run
        self.overlap = overlap
        self.inputs = inputs
    }
}

/// The store's answer to a `ClaimRequest`.
public enum ClaimOutcome: Sendable, Hashable {
    /// The fire is the caller's: start the run.
    case claimed(RunRecord)
    /// Recorded as skipped, with the reason: start nothing.
    case skipped(RunRecord)
    /// The fire already has a record, or its record was pruned: start nothing.
    case taken
}
