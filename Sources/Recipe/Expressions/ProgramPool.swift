import CEL
import Synchronization

/// Compiles each text once: of recipes that are read together many read the same values in the same way.
final class ProgramPool: Sendable {
    private let known = Mutex<[String: Program]>([:])

    /// The compiled form of an expression of recipes.
    func program(_ text: String) throws(SyntaxError) -> Program {
        if let program = known.withLock({ $0[text] }) { return program }
        let new = try Environment.recipes.compile(text)
        return known.withLock { known in
            if let program = known[text] { return program }
            known[text] = new
            return new
        }
    }
}
