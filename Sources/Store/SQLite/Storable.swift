import GRDB
import Schedule

// How our types stand in columns.

extension Row {
    /// A column that is never null; throws when the file is damaged, where GRDB's subscript would trap.
    func required<Stored: DatabaseValueConvertible & StatementColumnConvertible>(_ column: Int) throws -> Stored {
        try decode(Stored.self, atIndex: column)
    }

    /// A column that may be null.
    func optional<Stored: DatabaseValueConvertible & StatementColumnConvertible>(_ column: Int) throws -> Stored? {
        try decode(Stored?.self, atIndex: column)
    }

    /// A moment that is never null.
    func instant(_ column: Int) throws -> Instant { Instant(microseconds: try required(column)) }

    /// A moment that may be null.
    func optionalInstant(_ column: Int) throws -> Instant? {
        try (optional(column) as Int64?).map(Instant.init(microseconds:))
    }

    /// A word of an enumeration.
    func word<Word: RawRepresentable>(_ column: Int) throws -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: try required(column)) else { throw UnknownWord() }
        return word
    }

    // The same by name, for rows that are few.

    func required<Stored: DatabaseValueConvertible & StatementColumnConvertible>(_ column: String) throws -> Stored {
        try decode(Stored.self, forColumn: column)
    }

    func optional<Stored: DatabaseValueConvertible & StatementColumnConvertible>(_ column: String) throws -> Stored? {
        try decode(Stored?.self, forColumn: column)
    }

    func instant(_ column: String) throws -> Instant { Instant(microseconds: try required(column)) }

    func optionalInstant(_ column: String) throws -> Instant? {
        try (optional(column) as Int64?).map(Instant.init(microseconds:))
    }

    func word<Word: RawRepresentable>(_ column: String) throws -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: try required(column)) else { throw UnknownWord() }
        return word
    }
}

/// A word that this program does not know.
struct UnknownWord: Error, CustomStringConvertible {
    var description: String { "a column holds a word that this runner does not know" }
}

/// Where a sealed value stands; it opens nowhere else.
enum SealedPlace {
    case inputs(RunID)
    case output(RunID)
    case result(RunID, path: String, index: String)
    case state(recipe: String)
    case bag(identity: String)
    case secret(name: String)

    /// Whether what stands there has been through JSON; elsewhere each type is kept.
    var isJSON: Bool {
        switch self {
        case .output, .state: true
        case .inputs, .result, .bag, .secret: false
        }
    }

    var context: String {
        switch self {
        case .inputs(let run): "run/\(run)/inputs"
        case .output(let run): "run/\(run)/output"
        case .result(let run, let path, let index): "action/\(run)/\(path)/\(index)"
        case .state(let recipe): "recipe/\(recipe)/state"
        case .bag(let identity): "token/\(identity)"
        case .secret(let name): "secret/\(name)"
        }
    }
}
