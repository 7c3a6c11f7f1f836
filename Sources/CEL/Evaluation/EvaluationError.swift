/// Why an expression has no value (cel-spec, "Evaluation", "Runtime errors").
public struct EvaluationError: Error, Hashable, Sendable {
    /// What went wrong, for callers that decide by it.
    public enum Kind: Sendable, Hashable {
        /// A map has no such key, asked for with `.name`.
        case noSuchField
        /// A map has no such key, asked for with `[key]`.
        case noSuchKey
        /// A list has no such place.
        case indexOutOfRange
        /// No variable of this name was given.
        case unknownVariable
        /// No function of this name exists.
        case unknownFunction
        /// The function or operator is not defined for values of these types.
        case noMatchingOverload
        /// Division by zero or modulus by zero.
        case divisionByZero
        /// A number, timestamp or duration does not fit its type.
        case overflow
        /// A value cannot be converted, or is no valid argument.
        case invalidArgument
        /// An optional without a value was asked for it.
        case emptyOptional
        /// The budget of steps, or of bytes, is used up.
        case budget
    }

    /// What went wrong.
    public var kind: Kind
    /// One sentence without a full stop.
    public var message: String
    /// UTF-8 byte offsets in the expression.
    public var range: Range<Int>?

    private var mend: String?

    /// An error; functions leave `range` nil, the call adds its own.
    public init(_ kind: Kind, _ message: String, range: Range<Int>? = nil) {
        self.kind = kind
        self.message = message
        self.range = range
    }

    /// What to write instead, where the kind of error tells.
    public var help: String? {
        switch kind {
        case .noSuchField: "ask with '.?name' and '.orValue(…)' for what may be absent, or test with has(…)"
        case .noSuchKey: "ask with '[?key]' and '.orValue(…)' for what may be absent, or test with 'key in map'"
        case .indexOutOfRange: "ask with '[?n]' and '.orValue(…)' for what may be absent, or test size(…)"
        case .divisionByZero: "test the divisor first: 'd == 0 ? … : n / d'"
        case .emptyOptional: "use '.orValue(…)', or test with '.hasValue()'"
        case .budget: "filter first, or do the work in several actions"
        case .unknownVariable, .unknownFunction, .noMatchingOverload, .overflow, .invalidArgument: mend
        }
    }

    /// The same error at `range`, unless it has a place already.
    func located(at range: Range<Int>) -> EvaluationError {
        guard self.range == nil else { return self }
        var located = self
        located.range = range
        return located
    }

    static func noMatchingOverload(_ function: String, _ arguments: Value...) -> EvaluationError {
        noMatchingOverload(function, arguments)
    }

    static func noMatchingOverload(_ function: String, _ arguments: [Value]) -> EvaluationError {
        let types = arguments.map(\.typeName.name)
        var error = EvaluationError(
            .noMatchingOverload,
            "no matching overload for '\(function)' applied to (\(types.joined(separator: ", ")))"
        )
        error.mend = Mend.ofOperator(function, types)
        return error
    }

    static func noField(_ name: Expression.Name, of value: Value) -> EvaluationError {
        let message = "a value of type \(value.typeName.name) has no field '\(name.text)'"
        var error = EvaluationError(.noMatchingOverload, message, range: name.range)
        error.mend =
            value == .null ? "ask with '.?name' and '.orValue(…)' for what may be absent" : Mend.ofField(name.text)
        return error
    }

    static func invalid(_ message: String) -> EvaluationError { EvaluationError(.invalidArgument, message) }
    static func overflow(_ message: String) -> EvaluationError { EvaluationError(.overflow, message) }
}
