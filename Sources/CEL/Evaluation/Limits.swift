/// What one evaluation, and one expression, may use.
public struct Limits: Sendable, Hashable {
    /// How many steps an evaluation may take: operators, calls, turns of a comprehension, and one for each 64 bytes or
    /// 16 elements that a function goes through.
    ///
    /// Default 2,000,000, some 100 ms.
    public var steps: Int
    /// How many bytes the lists, maps and texts made during an evaluation may hold together, the result included.
    ///
    /// Default 64 MiB.
    public var resultBytes: Int
    /// How deep parentheses, brackets, calls and operators may nest.
    ///
    /// Default 64.
    public var nesting: Int
    /// How deep comprehensions may nest.
    ///
    /// Default 8.
    public var comprehensionNesting: Int
    /// How many bytes an expression may have.
    ///
    /// Default 100,000.
    public var sourceBytes: Int

    /// Limits; each default is described at its property.
    public init(
        steps: Int = 2_000_000,
        resultBytes: Int = 64 << 20,
        nesting: Int = 64,
        comprehensionNesting: Int = 8,
        sourceBytes: Int = 100_000
    ) {
        self.steps = steps
        self.resultBytes = resultBytes
        self.nesting = nesting
        self.comprehensionNesting = comprehensionNesting
        self.sourceBytes = sourceBytes
    }

    /// The defaults.
    public static let standard = Limits()
}

extension Limits {
    /// How many operations may stand inside each other, among them long rows such as `a + b + c`.
    var operatorNesting: Int { nesting * 5 / 2 }
}
