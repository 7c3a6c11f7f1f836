/// A row of `&&` (until the first false) or of `||` (until the first true).
///
/// An error or a value that is no bool counts only when no term decides (cel-spec, "Logical Operators").
final class Logic: Operation {
    private let terms: [any Operation]
    private let isDisjunction: Bool
    private let range: Range<Int>

    init(_ terms: [any Operation], isDisjunction: Bool, range: Range<Int>) {
        self.terms = terms
        self.isDisjunction = isDisjunction
        self.range = range
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        var failure: EvaluationError?
        for term in terms {
            do throws(EvaluationError) {
                let value = try term.evaluate(&frame)
                guard case .bool(let flag) = value else {
                    throw EvaluationError.noMatchingOverload(isDisjunction ? "||" : "&&", value).located(at: range)
                }
                if flag == isDisjunction { return .bool(flag) }
            } catch {
                // A spent budget ends the evaluation, it is no value.
                if error.kind == .budget { throw error }
                if failure == nil { failure = error }
            }
        }
        if let failure { throw failure }
        return .bool(!isDisjunction)
    }
}

/// `!operand`.
final class Negation: Operation {
    private let operand: any Operation
    private let range: Range<Int>

    init(_ operand: any Operation, range: Range<Int>) {
        self.operand = operand
        self.range = range
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let value = try operand.evaluate(&frame)
        guard case .bool(let flag) = value else {
            throw EvaluationError.noMatchingOverload("!", value).located(at: range)
        }
        return .bool(!flag)
    }
}

/// `condition ? yes : no`.
final class Conditional: Operation {
    private let condition: any Operation
    private let yes: any Operation
    private let no: any Operation
    private let range: Range<Int>

    init(_ condition: any Operation, _ yes: any Operation, _ no: any Operation, range: Range<Int>) {
        self.condition = condition
        self.yes = yes
        self.no = no
        self.range = range
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let value = try condition.evaluate(&frame)
        guard case .bool(let flag) = value else {
            throw EvaluationError.noMatchingOverload("?:", value).located(at: range)
        }
        return flag ? try yes.evaluate(&frame) : try no.evaluate(&frame)
    }
}
