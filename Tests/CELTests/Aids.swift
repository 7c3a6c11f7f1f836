import CEL

/// The value of an expression in the standard environment.
func evaluate(_ source: String, _ variables: [String: Value] = [:], limits: Limits = .standard) throws -> Value {
    try Environment.standard.compile(source).evaluate(variables, limits: limits)
}

/// Why an expression has no value, or is none.
func failure(_ source: String, _ variables: [String: Value] = [:]) -> String? {
    do {
        let value = try evaluate(source, variables)
        return "no error: \(value)"
    } catch let error as SyntaxError {
        return error.message
    } catch let error as EvaluationError {
        return error.message
    } catch {
        return "\(error)"
    }
}
