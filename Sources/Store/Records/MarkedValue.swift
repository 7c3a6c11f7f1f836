public import CEL

/// A stored value, and the secrets that whoever stored it found in it.
///
/// Another process may never have known them, and must not show them either.
public struct MarkedValue: Sendable, Hashable {
    /// The value as it was, secrets and all: a run that goes on needs it so.
    public var value: Value
    /// The secrets in it, as they are spelled there; mostly none.
    public var secrets: [String]

    /// A value.
    public init(_ value: Value, secrets: [String] = []) {
        self.value = value
        self.secrets = secrets
    }
}
