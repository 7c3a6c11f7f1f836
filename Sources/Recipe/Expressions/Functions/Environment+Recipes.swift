import CEL
import Schedule

extension Environment {
    /// CEL's standard environment and the functions that recipes and connectors have besides: clocks, hashes, tokens, calendars.
    ///
    /// They are registered here so that the CEL target stays pure (DESIGN section 5). `now()` and `uuid()` are never folded.
    static let recipes: Environment = {
        var environment = Environment(timeZones: { name, seconds in
            (try? Zone(named: name)).map { $0.offset(at: Instant(seconds: seconds)) }
        })
        let libraries = [ClockFunctions.all, HashFunctions.all, TokenFunctions.all, TimeFunctions.all]
        for function in libraries.joined() { environment.register(function) }
        return environment
    }()
}

extension Value {
    /// The bytes of a text or byte string; empty for other kinds, which the overloads do not take.
    var octets: [UInt8] {
        switch self {
        case .string(let text): Array(text.utf8)
        case .bytes(let bytes): bytes
        default: []
        }
    }

    /// The characters of a text; empty for other kinds, which the overloads do not take.
    var characters: String { if case .string(let text) = self { text } else { "" } }
}

extension Meter {
    /// Pays for going through so many bytes.
    mutating func read(_ bytes: Int) throws(EvaluationError) { try step(1 + bytes >> 6) }
}
