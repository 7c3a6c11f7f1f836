/// A part of a compiled expression.
///
/// Classes rather than closures: the compiler looks into them, to fold constants and to join selections.
protocol Operation: AnyObject, Sendable {
    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value
}

/// What one evaluation works with.
struct Frame {
    var meter: Meter
    /// Variables first, then the local variables of comprehensions and bindings.
    ///
    /// Nil: not given, or not computed yet.
    ///
    /// Lives on the stack of `Program.evaluate`, which outlives every use of the frame; each index comes from the same
    /// compiler that counted the slots.
    let slots: UnsafeMutableBufferPointer<Value?>
}

/// A value known before the expression runs.
final class Constant: Operation {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value { value }
}

/// A variable that the caller of the expression gives.
final class Variable: Operation {
    let name: String
    let slot: Int
    private let range: Range<Int>

    init(_ name: String, slot: Int, range: Range<Int>) {
        self.name = name
        self.slot = slot
        self.range = range
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        guard let value = frame.slots[slot] else {
            throw EvaluationError(.unknownVariable, "undeclared reference to '\(name)'", range: range)
        }
        return value
    }
}

/// A variable of a comprehension; always set where it can be reached.
final class Local: Operation {
    let slot: Int

    init(slot: Int) {
        self.slot = slot
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value { frame.slots[slot] ?? .null }
}

/// A name of `cel.bind` or a part of `cel.block`, computed at its first use.
final class LazyLocal: Operation {
    private let slot: Int
    private let initial: any Operation

    init(slot: Int, _ initial: any Operation) {
        self.slot = slot
        self.initial = initial
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        if let value = frame.slots[slot] { return value }
        try frame.meter.step()
        let value = try initial.evaluate(&frame)
        frame.slots[slot] = value
        return value
    }
}

/// Runs its body with fresh lazy locals.
final class Scope: Operation {
    private let slots: Range<Int>
    private let body: any Operation

    init(slots: Range<Int>, _ body: any Operation) {
        self.slots = slots
        self.body = body
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        for slot in slots { frame.slots[slot] = nil }
        return try body.evaluate(&frame)
    }
}

/// A function that does not exist; an error only when it is reached (cel-spec, "Name Resolution" leaves it to checking).
final class UnknownFunction: Operation {
    private let error: EvaluationError

    init(_ error: EvaluationError) {
        self.error = error
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value { throw error }
}
