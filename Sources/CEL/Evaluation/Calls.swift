/// A call with one argument.
final class UnaryCall: Operation {
    private let name: Expression.Name
    private let argument: any Operation
    private let overloads: [Overload]

    init(_ name: Expression.Name, _ argument: any Operation, _ overloads: [Overload]) {
        self.name = name
        self.argument = argument
        self.overloads = overloads
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let value = try argument.evaluate(&frame)
        let kind = value.kind
        do throws(EvaluationError) {
            for overload in overloads where overload.kinds[0].contains(kind) {
                switch overload.body {
                case .one(let body): return try body(value, &frame.meter)
                case .many(let body): return try body([value], &frame.meter)
                case .two: continue
                }
            }
            throw EvaluationError.noMatchingOverload(name.text, value)
        } catch {
            throw error.located(at: name.range)
        }
    }
}

/// A call with two arguments.
final class BinaryCall: Operation {
    private let name: Expression.Name
    private let first: any Operation
    private let second: any Operation
    private let overloads: [Overload]

    init(_ name: Expression.Name, _ first: any Operation, _ second: any Operation, _ overloads: [Overload]) {
        self.name = name
        self.first = first
        self.second = second
        self.overloads = overloads
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let first = try first.evaluate(&frame)
        let second = try second.evaluate(&frame)
        do throws(EvaluationError) {
            for overload in overloads
            where overload.kinds[0].contains(first.kind)
                && overload.kinds[overload.kinds.count - 1].contains(second.kind)
            {
                switch overload.body {
                case .two(let body): return try body(first, second, &frame.meter)
                case .many(let body): return try body([first, second], &frame.meter)
                case .one: continue
                }
            }
            throw EvaluationError.noMatchingOverload(name.text, first, second)
        } catch {
            throw error.located(at: name.range)
        }
    }
}

/// A call with any number of arguments.
final class Call: Operation {
    private let name: Expression.Name
    private let arguments: [any Operation]
    private let overloads: [Overload]

    init(_ name: Expression.Name, _ arguments: [any Operation], _ overloads: [Overload]) {
        self.name = name
        self.arguments = arguments
        self.overloads = overloads
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step(arguments.count)
        var values: [Value] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments { values.append(try argument.evaluate(&frame)) }
        do throws(EvaluationError) {
            for overload in overloads where overload.takes(values) {
                if case .many(let body) = overload.body { return try body(values, &frame.meter) }
            }
            throw EvaluationError.noMatchingOverload(name.text, values)
        } catch {
            throw error.located(at: name.range)
        }
    }
}

/// `text.matches(pattern)` with a pattern that was compiled with the expression.
final class PreparedMatch: Operation {
    private let text: any Operation
    private let pattern: Pattern
    private let range: Range<Int>

    init(_ text: any Operation, _ pattern: Pattern, range: Range<Int>) {
        self.text = text
        self.pattern = pattern
        self.range = range
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let value = try text.evaluate(&frame)
        guard case .string(let text) = value else {
            throw EvaluationError.noMatchingOverload("matches", value, .string("")).located(at: range)
        }
        try frame.meter.scan(text.utf8.count)
        return .bool(pattern.matches(anywhereIn: text))
    }
}
