/// Why a text is not a cron expression.
public struct CronError: Error, Hashable {
    /// The kinds of mistakes, for those who must act on them.
    public enum Kind: Sendable, Hashable {
        /// Something stands where it cannot stand.
        case syntax
        /// Fewer than five fields, or more than six.
        case fieldCount
        /// A number, a step or a range outside what the field allows.
        case outOfRange
        /// A name of a month, a weekday or a schedule that does not exist.
        case unknownName
        /// Every part is right, but no day satisfies them all: `* * 31 2 *`.
        case neverFires
    }

    /// What kind of mistake it is.
    public var kind: Kind
    /// What is wrong, as a sentence without a full stop.
    public var message: String
    /// What to write instead.
    public var help: String?
    /// The part that is wrong, as UTF-8 offsets in the text.
    public var range: Range<Int>

    init(_ kind: Kind, _ message: String, help: String? = nil, at range: Range<Int>) {
        self.kind = kind
        self.message = message
        self.help = help
        self.range = range
    }
}
