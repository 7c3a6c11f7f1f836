import CEL
import Connections
import Logging
import Recipe
import Schedule

/// Log lines on standard error: one line each, for people or as JSON.
struct LineLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let format: LogFormat
    private let zone: Zone
    private let colour: Bool

    init(_ format: LogFormat, level: Logger.Level, zone: Zone) {
        self.format = format
        self.zone = zone
        logLevel = level
        colour = Terminal.allowsColour(2)
    }

    /// The logger of the whole process.
    static func logger(_ format: LogFormat, level: Logger.Level, zone: Zone) -> Logger {
        Logger(label: "runner") { _ in LineLog(format, level: level, zone: zone) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let now = SystemClock().now()
        let given = event.metadata ?? [:]
        let facts = (metadata.isEmpty ? given : metadata.merging(given) { _, new in new }).sorted { $0.key < $1.key }
        switch format {
        case .json:
            var object = ValueMap([
                ("time", .string(now.rfc3339())), ("level", .string(event.level.rawValue)),
                ("message", .string("\(event.message)")),
            ])
            for (key, value) in facts { object[key] = .string("\(value)") }
            Terminal.errorLine(Value.map(object).json())
        case .pretty:
            let level = event.level == .info ? "" : "\(event.level.rawValue): "
            let text = facts.map { " \($0.key)=\(quoted("\($0.value)"))" }.joined()
            let tint = colour ? Self.tint(event.level) : nil
            let message = "\(level)\(event.message)"
            Terminal.errorLine(
                "\(Listing.text(now, zone)) \(tint.map { "\u{1B}[\($0)m\(message)\u{1B}[0m" } ?? message)\(text)"
            )
        }
    }

    private func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
        return isPlain || !text.isEmpty && !text.contains { $0.isWhitespace || $0 == "\"" }
            ? text : Value.string(text).json()
    }

    private static func tint(_ level: Logger.Level) -> String? {
        switch level {
        case .critical, .error: "31"
        case .warning: "33"
        default: nil
        }
    }
}
