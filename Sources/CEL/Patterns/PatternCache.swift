import Synchronization

/// Patterns by their text, compiled once for the process.
enum PatternCache {
    /// How many patterns are kept; then all are forgotten, so that hostile input cannot fill the memory.
    private static let capacity = 128
    /// What even the smallest pattern costs, in steps.
    private static let setup = 200
    private static let stepsPerInstruction = 10
    private static let patterns = Mutex<[String: Result<Pattern, Pattern.PatternError>]>([:])

    /// A pattern that is known only while an expression runs; compiling it, when it is not there yet, costs steps.
    static func pattern(_ text: String, _ meter: inout Meter) throws(EvaluationError) -> Pattern {
        if let known = known(text) { return try value(known, text) }
        try meter.step(setup + text.utf8.count)
        let compiled = compile(text)
        try meter.step(PatternBudget.cost(compiled) * stepsPerInstruction)
        return try value(compiled, text)
    }

    /// A pattern that stands in an expression; nil when the expression has spent what it may on them.
    static func pattern(_ text: String, _ budget: inout PatternBudget) -> Result<Pattern, Pattern.PatternError>? {
        guard budget.isLeft else { return nil }
        let pattern = known(text) ?? compile(text)
        budget.pay(pattern)
        return pattern
    }

    private static func known(_ text: String) -> Result<Pattern, Pattern.PatternError>? {
        patterns.withLock { $0[text] }
    }

    private static func compile(_ text: String) -> Result<Pattern, Pattern.PatternError> {
        let compiled = Result { () throws(Pattern.PatternError) in try Pattern(text) }
        patterns.withLock { patterns in
            if patterns.count >= capacity { patterns.removeAll() }
            patterns[text] = compiled
        }
        return compiled
    }

    private static func value(
        _ result: Result<Pattern, Pattern.PatternError>,
        _ text: String
    ) throws(EvaluationError) -> Pattern {
        switch result {
        case .success(let pattern): return pattern
        case .failure(let error):
            throw .invalid("'\(text.prefix(60))' is no regular expression: \(error.message)")
        }
    }
}

/// What one expression may spend on compiling the patterns that stand in it; those beyond are compiled when they are reached, at the
/// cost of steps.
struct PatternBudget {
    private var instructions = 100_000

    var isLeft: Bool { instructions > 0 }

    mutating func pay(_ pattern: Result<Pattern, Pattern.PatternError>) { instructions -= Self.cost(pattern) }

    /// The instructions that compiling was worth: RE2 gives up on the largest patterns only when its memory is full.
    static func cost(_ pattern: Result<Pattern, Pattern.PatternError>) -> Int {
        switch pattern {
        case .success(let pattern): pattern.size
        case .failure: 20_000
        }
    }
}
