/// The verb `use`: an operation of the connection's connector, with what it is given.
public struct OperationCall: Sendable {
    /// The operation's name.
    public let name: String
    /// What the connector says of it.
    public let operation: Operation
    /// The map behind `with:`; nil gives nothing.
    public let arguments: ValueTemplate?
}
