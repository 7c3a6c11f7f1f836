extension MappingReader {
    /// The text of a key; anything but text is reported.
    ///
    /// Nil when absent or wrong.
    public mutating func string(_ key: String) -> Located<String>? {
        guard let (entry, scalar) = scalar(key, expected: "text") else { return nil }
        guard case .string(let text) = scalar.value else {
            report(entry, expected: "text", help: "put it in quotes: \(LineShape.quoted(scalar.text))")
            return nil
        }
        return Located(text, entry.value)
    }

    /// The truth value of a key; anything but `true` and `false` is reported.
    ///
    /// Nil when absent or wrong.
    public mutating func bool(_ key: String) -> Located<Bool>? {
        guard let (entry, scalar) = scalar(key, expected: "true or false") else { return nil }
        guard case .bool(let value) = scalar.value else {
            // What YAML 1.1 read as truth values, and 1.2 reads as text.
            let meant = ["yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"]
            let isQuoted = CoreSchema.bool(scalar.text) != nil
            let help = meant[scalar.text.lowercased()].map { "write `\($0)`" } ?? "write `true` or `false`"
            report(entry, expected: "true or false", help: isQuoted ? "write \(scalar.text) without quotes" : help)
            return nil
        }
        return Located(value, entry.value)
    }

    /// The integer of a key; anything else, or one out of `range`, is reported.
    ///
    /// Nil when absent or wrong.
    public mutating func int(_ key: String, in range: ClosedRange<Int>? = nil) -> Located<Int>? {
        guard let (entry, scalar) = scalar(key, expected: "an integer") else { return nil }
        guard case .int(let wide) = scalar.value, let value = Int(exactly: wide) else {
            let isQuoted = scalar.style.isQuoted && Int(scalar.text) != nil
            report(entry, expected: "an integer", help: isQuoted ? "write \(scalar.text) without quotes" : nil)
            return nil
        }
        if let range, !range.contains(value) {
            let bounds =
                switch (range.lowerBound, range.upperBound) {
                case (let low, .max): "at least \(low)"
                case (.min, let high): "at most \(high)"
                case (let low, let high): "from \(low) to \(high)"
                }
            diagnostics.report("yaml.wrong-value", "`\(key)` must be \(bounds), not \(value)", at: entry.value.span)
            return nil
        }
        return Located(value, entry.value)
    }

    /// One of the raw values of a type; anything else is reported with the nearest of them.
    ///
    /// Nil when absent or wrong.
    ///
    /// - Parameter foreign: the words that other tools have for these values.
    public mutating func choice<T: RawRepresentable & CaseIterable & Sendable>(
        _ key: String,
        _: T.Type,
        foreign: @autoclosure () -> [String: String] = [:]
    ) -> Located<T>? where T.RawValue == String {
        // Worked out only to be told: most keys are absent, and nearly all others right.
        var words: [String] { T.allCases.map { $0.rawValue } }
        var listing: String { words.map { "`\($0)`" }.joined(separator: ", ") }
        guard let (entry, scalar) = scalar(key, expected: "one of \(listing)") else { return nil }
        guard let value = T(rawValue: scalar.text) else {
            let nearest =
                foreign()[scalar.text.lowercased()] ?? Suggestion.nearest(to: scalar.text, among: words)
            diagnostics.report(
                "yaml.wrong-value",
                "`\(scalar.text)` is no value of `\(key)`",
                at: entry.value.span,
                help: nearest.map { "did you mean `\($0)`? Allowed: \(listing)" } ?? "allowed: \(listing)"
            )
            return nil
        }
        return Located(value, entry.value)
    }

    /// The items of a list; anything but a list is reported.
    ///
    /// Nil when absent or wrong.
    public mutating func list(_ key: String) -> [Node]? {
        guard let entry = entry(key) else { return nil }
        switch entry.value.content {
        case .sequence(let items): return items
        case .mapping: report(entry, expected: "a list", help: "begin each item with `- `")
        case .scalar(let scalar):
            if scalar.value == .null {
                reportEmpty(entry, expected: "a list", help: "write [] for an empty list, or remove the key")
            } else {
                let shown = scalar.text.utf8.count <= 40 && !scalar.text.contains("\n") ? scalar.text : "…"
                report(entry, expected: "a list", help: "write it as a list of one: [\(LineShape.quoted(shown))]")
            }
        }
        return nil
    }

    /// The scalar of a key; reports a key without a value, a list or a mapping.
    private mutating func scalar(_ key: String, expected: @autoclosure () -> String) -> (Entry, Scalar)? {
        guard let entry = entry(key) else { return nil }
        guard let scalar = entry.value.scalar else {
            report(entry, expected: expected(), help: nil)
            return nil
        }
        guard scalar.value != .null else {
            reportEmpty(entry, expected: expected())
            return nil
        }
        return (entry, scalar)
    }

    private func report(_ entry: Entry, expected: String, help: String?) {
        diagnostics.report(
            "yaml.wrong-type",
            "`\(entry.name)` must be \(expected), not \(entry.value.kindInWords)",
            at: entry.value.span,
            help: help
        )
    }
}
