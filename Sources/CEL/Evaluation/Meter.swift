/// Counts what an evaluation uses, and stops it when the budget is gone.
public struct Meter: Sendable {
    fileprivate var stepsLeft: Int
    fileprivate var bytesLeft: Int
    private let limits: Limits

    /// A full budget.
    init(_ limits: Limits) {
        self.limits = limits
        stepsLeft = limits.steps
        bytesLeft = limits.resultBytes
    }

    /// The steps taken so far.
    public var steps: Int { limits.steps - stepsLeft }

    /// Takes `count` steps; throws when the budget is used up.
    @inline(__always)
    public mutating func step(_ count: Int = 1) throws(EvaluationError) {
        stepsLeft -= count
        if stepsLeft < 0 { throw exhausted() }
    }

    /// Pays for making `count` bytes; throws when the budget is used up.
    @inline(__always)
    public mutating func allocate(_ count: Int) throws(EvaluationError) {
        bytesLeft -= count
        if bytesLeft < 0 { throw tooLarge() }
    }

    /// Pays for going through `count` bytes of text.
    @inline(__always)
    mutating func scan(_ count: Int) throws(EvaluationError) {
        try step(1 + count >> 6)
    }

    /// Pays for a new text of `count` bytes: reading and storing it.
    mutating func text(_ count: Int) throws(EvaluationError) {
        try step(1 + count >> 6)
        try allocate(count)
    }

    /// Pays for a new list or map of `count` elements.
    mutating func elements(_ count: Int, size: Int = MemoryLayout<Value>.stride) throws(EvaluationError) {
        try step(1 + count >> 4)
        try allocate(count * size)
    }

    private func exhausted() -> EvaluationError {
        EvaluationError(.budget, "the expression took more than \(limits.steps) steps")
    }

    private func tooLarge() -> EvaluationError {
        EvaluationError(.budget, "the expression made more than \(limits.resultBytes) bytes")
    }
}

extension Meter {
    /// The bytes that may still be made.
    var bytesAvailable: Int { bytesLeft }
    /// The steps that may still be taken.
    var stepsAvailable: Int { stepsLeft }
}
