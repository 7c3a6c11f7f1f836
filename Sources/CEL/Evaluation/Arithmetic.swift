/// Operators on two values.
final class Arithmetic: Operation {
    private let symbol: BinaryOperator
    private let left: any Operation
    private let right: any Operation
    private let range: Range<Int>

    init(_ symbol: BinaryOperator, _ left: any Operation, _ right: any Operation, range: Range<Int>) {
        self.symbol = symbol
        self.left = left
        self.right = right
        self.range = range
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let left = try left.evaluate(&frame)
        let right = try right.evaluate(&frame)
        do throws(EvaluationError) {
            return try Self.apply(symbol, left, right, &frame.meter)
        } catch {
            throw error.located(at: range)
        }
    }

    static func apply(
        _ symbol: BinaryOperator,
        _ left: Value,
        _ right: Value,
        _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        switch symbol {
        case .equal: return .bool(try left.isEqual(to: right, &meter))
        case .notEqual: return .bool(try !left.isEqual(to: right, &meter))
        case .less: return .bool(try order(symbol, left, right, &meter).map { $0 < 0 } ?? false)
        case .lessEqual: return .bool(try order(symbol, left, right, &meter).map { $0 <= 0 } ?? false)
        case .greater: return .bool(try order(symbol, left, right, &meter).map { $0 > 0 } ?? false)
        case .greaterEqual: return .bool(try order(symbol, left, right, &meter).map { $0 >= 0 } ?? false)
        case .contained: return .bool(try contains(left, right, &meter))
        case .add: return try add(left, right, &meter)
        case .subtract: return try subtract(left, right)
        case .multiply: return try multiply(left, right)
        case .divide: return try divide(left, right)
        case .modulo: return try remainder(left, right)
        }
    }

    @inline(__always)
    private static func order(
        _ symbol: BinaryOperator,
        _ left: Value,
        _ right: Value,
        _ meter: inout Meter
    ) throws(EvaluationError) -> Int? {
        do throws(EvaluationError) {
            return try left.compare(to: right, &meter)
        } catch  where error.kind == .noMatchingOverload {
            throw .noMatchingOverload(symbol.rawValue, left, right)
        }
    }

    private static func contains(
        _ element: Value,
        _ container: Value,
        _ meter: inout Meter
    ) throws(EvaluationError) -> Bool {
        switch container {
        case .list(let list):
            try meter.step(list.count >> 2)
            for candidate in list where try element.isEqual(to: candidate, &meter) { return true }
            return false
        case .map(let map):
            // What cannot be a key is not among them.
            guard let key = MapKey(element) else { return false }
            return map.position(of: key) != nil
        default:
            throw .noMatchingOverload("in", element, container)
        }
    }

    private static func add(
        _ left: Value,
        _ right: Value,
        _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        switch (left, right) {
        case (.int(let a), .int(let b)): return .int(try whole(a.addingReportingOverflow(b)))
        case (.uint(let a), .uint(let b)): return .uint(try whole(a.addingReportingOverflow(b)))
        case (.double(let a), .double(let b)): return .double(a + b)
        case (.string(let a), .string(let b)):
            try meter.text(a.utf8.count + b.utf8.count)
            return .string(a + b)
        case (.bytes(let a), .bytes(let b)):
            try meter.text(a.count + b.count)
            return .bytes(a + b)
        case (.list(let a), .list(let b)):
            try meter.elements(a.count + b.count)
            return .list(a + b)
        case (.timestamp(let a), .duration(let b)), (.duration(let b), .timestamp(let a)):
            return .timestamp(try inRange(a.adding(b)))
        case (.duration(let a), .duration(let b)):
            let sum = try whole(a.nanoseconds.addingReportingOverflow(b.nanoseconds))
            return .duration(CELDuration(nanoseconds: sum))
        default: throw .noMatchingOverload("+", left, right)
        }
    }

    private static func subtract(_ left: Value, _ right: Value) throws(EvaluationError) -> Value {
        switch (left, right) {
        case (.int(let a), .int(let b)): return .int(try whole(a.subtractingReportingOverflow(b)))
        case (.uint(let a), .uint(let b)): return .uint(try whole(a.subtractingReportingOverflow(b)))
        case (.double(let a), .double(let b)): return .double(a - b)
        case (.timestamp(let a), .timestamp(let b)): return .duration(try inRange(a.since(b)))
        case (.timestamp(let a), .duration(let b)): return .timestamp(try inRange(a.subtracting(b)))
        case (.duration(let a), .duration(let b)):
            let difference = try whole(a.nanoseconds.subtractingReportingOverflow(b.nanoseconds))
            return .duration(CELDuration(nanoseconds: difference))
        default: throw .noMatchingOverload("-", left, right)
        }
    }

    private static func multiply(_ left: Value, _ right: Value) throws(EvaluationError) -> Value {
        switch (left, right) {
        case (.int(let a), .int(let b)): return .int(try whole(a.multipliedReportingOverflow(by: b)))
        case (.uint(let a), .uint(let b)): return .uint(try whole(a.multipliedReportingOverflow(by: b)))
        case (.double(let a), .double(let b)): return .double(a * b)
        default: throw .noMatchingOverload("*", left, right)
        }
    }

    private static func divide(_ left: Value, _ right: Value) throws(EvaluationError) -> Value {
        switch (left, right) {
        case (.int, .int(0)), (.uint, .uint(0)): throw EvaluationError(.divisionByZero, "division by zero")
        case (.int(let a), .int(let b)): return .int(try whole(a.dividedReportingOverflow(by: b)))
        case (.uint(let a), .uint(let b)): return .uint(a / b)
        case (.double(let a), .double(let b)): return .double(a / b)
        default: throw .noMatchingOverload("/", left, right)
        }
    }

    private static func remainder(_ left: Value, _ right: Value) throws(EvaluationError) -> Value {
        switch (left, right) {
        case (.int, .int(0)), (.uint, .uint(0)): throw EvaluationError(.divisionByZero, "modulus by zero")
        case (.int(let a), .int(let b)): return .int(try whole(a.remainderReportingOverflow(dividingBy: b)))
        case (.uint(let a), .uint(let b)): return .uint(a % b)
        default: throw .noMatchingOverload("%", left, right)
        }
    }

    /// `-operand`.
    static func negate(_ value: Value) throws(EvaluationError) -> Value {
        switch value {
        case .int(let number): return .int(try whole(Int64(0).subtractingReportingOverflow(number)))
        case .double(let number): return .double(-number)
        default: throw .noMatchingOverload("-", value)
        }
    }

    private static func whole<T>(_ outcome: (partialValue: T, overflow: Bool)) throws(EvaluationError) -> T {
        guard !outcome.overflow else { throw .overflow("the result does not fit 64 bits") }
        return outcome.partialValue
    }

    private static func inRange<T>(_ time: T?) throws(EvaluationError) -> T {
        guard let time else { throw .overflow("the timestamp or duration is out of range") }
        return time
    }
}

/// `-operand`.
final class SignChange: Operation {
    private let operand: any Operation
    private let range: Range<Int>

    init(_ operand: any Operation, range: Range<Int>) {
        self.operand = operand
        self.range = range
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.step()
        let value = try operand.evaluate(&frame)
        do throws(EvaluationError) {
            return try Arithmetic.negate(value)
        } catch {
            throw error.located(at: range)
        }
    }
}
