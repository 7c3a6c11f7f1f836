import Synchronization

/// Patterns that are known only while an expression runs, compiled once for the process.
enum PatternCache {
    /// How many patterns are kept; then all are forgotten, so that hostile input cannot fill the memory.
    private static let capacity = 128
    private static let patterns = Mutex<[String: Pattern]>([:])

    static func pattern(_ text: String) throws(EvaluationError) -> Pattern {
        if let known = patterns.withLock({ $0[text] }) { return known }
        do throws(Pattern.PatternError) {
            let pattern = try Pattern(text)
            patterns.withLock { patterns in
                if patterns.count >= capacity { patterns.removeAll() }
                patterns[text] = pattern
            }
            return pattern
        } catch {
            throw .invalid("'\(text.prefix(60))' is no regular expression: \(error.message)")
        }
    }
}
