public import Recipe

/// Says what programs leave, in place of running them.
public protocol ProgramPlayback: Sendable {
    /// What a program leaves; nil ends the run.
    func result(of call: ProgramCall) -> CannedProgram?
}

/// A program that a run would start.
public struct ProgramCall: Sendable {
    /// The path of the action in the run.
    public let action: String
    /// The indexes of the `foreach` items that it is done for, joined with dots.
    public let index: String
    /// The program and its arguments.
    public let words: [String]
    /// What it would read.
    public let input: [UInt8]?
    /// What its action adds to its environment.
    public let environment: [String: String]
}
