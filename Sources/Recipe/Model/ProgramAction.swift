/// The verbs `run` and `shell`: a program of this machine.
public struct ProgramAction: Sendable {
    /// What is started.
    public enum Command: Sendable {
        /// A program and its arguments, each of them one text.
        case arguments(ValueTemplate)
        /// A text for `/bin/sh -c`.
        case shell(Template)
    }

    /// Which ends are a success.
    public enum Expectation: Sendable {
        /// The exit code lies in one of these ranges.
        case codes([ClosedRange<Int>])
        /// The expression holds; it sees `result`.
        case condition(Expression)
    }

    /// What is started.
    public let command: Command
    /// What the program reads: text or bytes as they are, anything else as JSON.
    public var input: ValueTemplate?
    /// Variables for its environment, beside the few that every program gets; null takes one of those away.
    public var environment: [(key: String, value: ValueTemplate)] = []
    /// Where it works, absolute or relative to the workspace, which is the default.
    public var directory: Template?
    /// Which ends are a success.
    public var expect = Expectation.codes([0...0])
    /// The most that it may write to standard output, and to standard error, in bytes.
    public var maxBytes = Defaults.maxOutputBytes
    /// Doing it twice does no more than doing it once, so that it may be done again after a crash.
    public var isIdempotent = false

    init(command: Command) {
        self.command = command
    }
}

extension ProgramAction {
    /// Every expression in it.
    public var expressions: [Expression] {
        var all: [Expression]
        switch command {
        case .arguments(let words): all = words.expressions
        case .shell(let text): all = text.expressions
        }
        all += input?.expressions ?? []
        all += environment.flatMap(\.value.expressions)
        all += directory?.expressions ?? []
        if case .condition(let condition) = expect { all.append(condition) }
        return all
    }
}
