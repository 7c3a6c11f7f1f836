import CEL
public import Recipe
import Store

/// Why a run failed, or one action of it.
///
/// All its texts are redacted.
public struct RunError: Error, Sendable, Hashable {
    /// What kinds there are; expressions read the raw value in `error.kind`.
    public enum Kind: String, Sendable, CaseIterable {
        case network, timeout, tls, authorization, origin, body, configuration, expression, fail, interrupted
        /// A response with a status that was not expected.
        case status
        /// A response, or the end of a program, that did not satisfy `expect`.
        case expectation
        /// A program that ended with an exit code that was not expected, or by a signal.
        case exit
        /// A value of a type that cannot be used at this place.
        case type
        /// A file that cannot be written, or not be read.
        case file
    }

    /// The path of the action, nil when none is to blame.
    public var action: String?
    /// The kind.
    public var kind: Kind
    /// One sentence, without the action's name.
    public var message: String
    /// The HTTP status, if there was an answer.
    public var status: Int?
    /// Which attempt it was, from 1.
    public var attempt: Int?
    /// Where the expression or action stands.
    public var place: Place?

    /// An error.
    public init(
        action: String? = nil,
        kind: Kind,
        message: String,
        status: Int? = nil,
        attempt: Int? = nil,
        place: Place? = nil
    ) {
        self.action = action
        self.kind = kind
        self.message = message
        self.status = status
        self.attempt = attempt
        self.place = place
    }
}

extension RunError: CustomStringConvertible {
    /// Action, message and, for expressions, the place, in one line.
    public var description: String {
        var text = action.map { "`\($0)`: \(message)" } ?? message
        if let attempt, attempt > 1 { text += " (after \(attempt) attempts)" }
        if kind == .expression || kind == .type, let place { text += " (at \(place))" }
        return text
    }
}

extension RunError {
    /// `error` in expressions (DESIGN section 10).
    var value: Value {
        .map([
            "action": action.map(Value.string) ?? .null,
            "kind": .string(kind.rawValue),
            "message": .string(message),
            "status": status.map { .int(Int64($0)) } ?? .null,
            "attempt": attempt.map { .int(Int64($0)) } ?? .null,
        ])
    }

    /// As the store keeps it.
    var record: ErrorRecord {
        ErrorRecord(action: action, kind: kind.rawValue, message: message, status: status, attempt: attempt)
    }

    /// As the store kept it.
    init(_ record: ErrorRecord) {
        self.init(
            action: record.action,
            kind: Kind(rawValue: record.kind) ?? .fail,
            message: record.message,
            status: record.status,
            attempt: record.attempt
        )
    }

    /// An expression that failed.
    init(_ error: ExpressionError, action: String?) {
        self.init(action: action, kind: .expression, message: error.message, place: error.place)
    }
}
