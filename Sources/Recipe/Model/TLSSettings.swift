/// What TLS connections trust and present: texts in PEM, or names of files that hold it.
public struct TLSSettings: Sendable {
    /// Authorities that are trusted instead of the system's.
    public var authorities: Template?
    /// The client's certificate, and those between it and its authority.
    public var certificate: Template?
    /// The client's private key.
    public var key: Template?
    /// The oldest version that is spoken: `1.2` or `1.3`.
    public var minimumVersion: Template?

    /// Every expression in it.
    public var expressions: [Expression] {
        [authorities, certificate, key, minimumVersion].compactMap { $0 }.flatMap(\.expressions)
    }

    init() {}
}
