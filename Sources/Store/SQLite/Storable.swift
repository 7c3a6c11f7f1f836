import GRDB
import Schedule

// How our types stand in columns.

extension Row {
    /// A column that is never null; throws when the file is damaged, where GRDB's subscript would trap.
    func required<Stored: DatabaseValueConvertible & StatementColumnConvertible>(_ column: String) throws -> Stored {
        try decode(Stored.self, forColumn: column)
    }

    /// A column that may be null.
    func optional<Stored: DatabaseValueConvertible & StatementColumnConvertible>(_ column: String) throws -> Stored? {
        try decode(Stored?.self, forColumn: column)
    }

    /// A moment that is never null.
    func instant(_ column: String) throws -> Instant { Instant(microseconds: try required(column)) }

    /// A moment that may be null.
    func optionalInstant(_ column: String) throws -> Instant? {
        try (optional(column) as Int64?).map(Instant.init(microseconds:))
    }

    /// A word of an enumeration.
    func word<Word: RawRepresentable>(_ column: String) throws -> Word where Word.RawValue == String {
        let text: String = try required(column)
        guard let word = Word(rawValue: text) else { throw UnknownWord(column: column) }
        return word
    }
}

/// A word that this program does not know.
struct UnknownWord: Error, CustomStringConvertible {
    let column: String
    var description: String { "column \(column) holds a word that this runner does not know" }
}

/// Where a sealed value stands; it opens nowhere else.
enum SealedPlace {
    case inputs(RunID)
    case output(RunID)
    case result(RunID, path: String, index: String)
    case state(recipe: String)
    case bag(identity: String)

    /// Whether what stands there has been through JSON; elsewhere each type is kept.
    var isJSON: Bool {
        switch self {
        case .output, .state: true
        case .inputs, .result, .bag: false
        }
    }

    var context: String {
        switch self {
        case .inputs(let run): "run/\(run)/inputs"
        case .output(let run): "run/\(run)/output"
        case .result(let run, let path, let index): "action/\(run)/\(path)/\(index)"
        case .state(let recipe): "recipe/\(recipe)/state"
        case .bag(let identity): "token/\(identity)"
        }
    }
}
