public import Recipe

/// What came of a test.
public struct TestOutcome: Sendable {
    /// The test.
    public let test: RecipeTest
    /// Why it failed; empty when it passed.
    public var failures: [TestFailure] = []
    /// How long it took, by a real clock.
    public var duration = Duration.zero

    /// Everything was as expected.
    public var isPassed: Bool { failures.isEmpty }
}

/// One thing that was not as a test expects.
public struct TestFailure: Sendable, Hashable {
    /// What, in one sentence.
    public var message: String
    /// Where the expectation stands.
    public var place: Place
    /// What differs in detail.
    public var differences: [Difference] = []
    /// More lines for people: the request that nothing answers, the response that is nearest.
    public var notes: [String] = []
}
