public import CEL

/// The variables that an expression can see.
///
/// A scope is a value: an item of a `foreach` gets a copy with its own variables and cannot disturb its neighbours.
public struct Scope: Sendable {
    /// The variables by name.
    public var variables: [String: Value]
    /// The budgets of one evaluation.
    public var limits: Limits

    /// A scope with these variables.
    public init(_ variables: [String: Value] = [:], limits: Limits = .standard) {
        self.variables = variables
        self.limits = limits
    }

    /// The value of one variable.
    public subscript(name: String) -> Value? {
        get { variables[name] }
        set { variables[name] = newValue }
    }

    /// This scope with one more variable.
    public func with(_ name: String, _ value: Value) -> Scope {
        var copy = self
        copy.variables[name] = value
        return copy
    }

    func lookup(_ name: String) -> Value? { variables[name] }
}
