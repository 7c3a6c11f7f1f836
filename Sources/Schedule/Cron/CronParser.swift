/// Takes a cron expression apart into fields, and each field into the elements of its list.
struct CronParser {
    let bytes: [UInt8]
    let hashKey: String

    /// The elements of the six fields in order, and whether each field begins with `*` or `?`.
    typealias Field = (items: [CronItem], isUnrestricted: Bool, range: Range<Int>)

    init(_ text: String, hashKey: String) {
        bytes = Array(text.utf8)
        self.hashKey = hashKey
    }

    /// The fields, seconds first; an expression of five fields gets `0` for the seconds.
    ///
    /// `text` is what the ranges of the fields speak of: the expression, or what its `@` name stands for.
    func fields() throws(CronError) -> (fields: [Field], hasSeconds: Bool, text: String) {
        let words = words
        guard let first = words.first, let last = words.last else {
            throw CronError(.fieldCount, "the cron expression is empty", help: CronParser.shape, at: 0..<bytes.count)
        }
        if bytes[first.lowerBound] == UInt8(ascii: "@") {
            let expansion = try macro(first.lowerBound..<last.upperBound)
            return try CronParser(expansion, hashKey: hashKey).fields()
        }
        if let equals = bytes[first].firstIndex(of: UInt8(ascii: "=")) {
            let zone = text(equals + 1..<first.upperBound)
            throw CronError(
                .syntax,
                "the time zone does not belong into the expression",
                help: "write timezone: \(zone.isEmpty ? "Europe/Paris" : zone) beside cron",
                at: first
            )
        }
        guard words.count == 5 || words.count == 6 else { throw wrongCount(words) }
        var fields: [Field] = []
        if words.count == 5 {
            fields.append(
                ([.range(low: 0, high: 0, step: 1, isOpen: false)], false, first.lowerBound..<first.lowerBound)
            )
        }
        for (field, range) in zip(CronField.allCases.suffix(words.count), words) {
            var reader = CronFieldReader(bytes: bytes, range: range, field: field, hashKey: hashKey)
            let isUnrestricted =
                bytes[range.lowerBound] == UInt8(ascii: "*") || bytes[range.lowerBound] == UInt8(ascii: "?")
            fields.append((try reader.items(), isUnrestricted, range))
        }
        return (fields, words.count == 6, text(0..<bytes.count))
    }

    /// What stands between spaces and tabs.
    private var words: [Range<Int>] {
        bytes.indices.split { bytes[$0] == 0x20 || (0x09...0x0D).contains(bytes[$0]) }
            .map { $0.startIndex..<$0.endIndex }
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    private func wrongCount(_ words: [Range<Int>]) -> CronError {
        let message = "a cron expression has 5 fields, or 6 with seconds first, and this one has \(words.count)"
        // words is not empty: that case has its own message.
        let whole = words[0].lowerBound..<words[words.count - 1].upperBound
        guard words.count > 6 else { return CronError(.fieldCount, message, help: CronParser.shape, at: whole) }
        return CronError(
            .fieldCount,
            message,
            help: words.count == 7 ? "leave out the year: there is no such field" : CronParser.shape,
            at: words[6].lowerBound..<whole.upperBound
        )
    }

    /// The expression that an `@` name stands for.
    private func macro(_ range: Range<Int>) throws(CronError) -> String {
        let name = text(range).lowercased()
        if let expansion = CronParser.macros.first(where: { $0.name == name })?.expansion { return expansion }
        if name.hasPrefix("@every ") {
            let period = text(range.dropFirst(7)).drop { $0 == " " }
            throw CronError(
                .unknownName,
                "@every is an interval, not a cron expression",
                help: "write interval: \(period)",
                at: range
            )
        }
        if name == "@reboot" {
            throw CronError(
                .unknownName,
                "@reboot has no times of its own",
                help: "write run_on_start: true on an interval trigger",
                at: range
            )
        }
        let names = CronParser.macros.map(\.name)
        let help = NearestWord.among(names, to: name).map { "did you mean \($0)?" }
        throw CronError(
            .unknownName,
            "unknown schedule \"\(text(range))\"",
            help: help ?? "the names are @hourly, @daily, @weekly, @monthly and @yearly",
            at: range
        )
    }

    private static let macros: [(name: String, expansion: String)] = [
        ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"),
        ("@every_minute", "* * * * *"), ("@every_second", "* * * * * *"),
    ]

    private static let shape =
        "write minute, hour, day of month, month, day of week, such as \"30 6 * * MON-FRI\" for 06:30 on working days"
}
