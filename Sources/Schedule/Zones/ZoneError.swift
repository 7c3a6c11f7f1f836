/// Why a time zone cannot be had.
public struct ZoneError: Error, Hashable {
    /// The kinds of failure, for those who must act on it.
    public enum Kind: Sendable, Hashable {
        /// No zone has this name.
        case unknownName
        /// This machine has no time zone database.
        case noDatabase
        /// The database is there, but the zone's file (or `TZ`) cannot be read or understood.
        case unreadable
    }

    /// What went wrong.
    public var kind: Kind
    /// What is wrong, as a sentence without a full stop.
    public var message: String
    /// The name that was probably meant.
    public var suggestion: String?
    /// What to do.
    public var help: String?

    init(_ kind: Kind, _ message: String, suggestion: String? = nil, help: String? = nil) {
        self.kind = kind
        self.message = message
        self.suggestion = suggestion
        self.help = help
    }

    static func noDatabase(at directory: String) -> ZoneError {
        ZoneError(
            .noDatabase,
            "this machine has no time zone database (\(directory))",
            help: "install the Debian package tzdata, or set TZDIR to a directory of TZif files"
        )
    }
}
