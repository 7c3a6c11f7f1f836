/// Why a text is not a duration.
public struct DurationError: Error, Hashable {
    /// What is wrong, as a sentence without a full stop.
    public var message: String
    /// What to write instead.
    public var help: String?
    /// The part that is wrong, as UTF-8 offsets in the text.
    public var range: Range<Int>

    init(_ message: String, help: String? = nil, at range: Range<Int>) {
        self.message = message
        self.help = help
        self.range = range
    }
}
