extension Diagnostic {
    /// The report as people read it, without a line break at the end.
    ///
    ///     recipes/a.yml:3:7: error: `@` cannot start an unquoted value
    ///       |
    ///     3 | cron: @daily
    ///       |       ^~~~~~
    ///       = help: write it in quotes: "@daily"
    ///
    /// Without a source there is no excerpt. `colour` adds ANSI escapes; control characters of the file and the message are never passed on.
    public func rendered(in source: Source?, colour: Bool) -> String {
        let paint = Paint(isOn: colour)
        let place = span.map { "\(path):\($0.start.line):\($0.start.column)" } ?? path
        let title = paint.severity(severity, "\(severity.rawValue):")
        var lines = ["\(paint.bold("\(place.printable):")) \(title) \(paint.bold(message.printable))"]
        var margin = " "
        if let source, let span, let line = source.line(span.start.line) {
            let number = String(span.start.line)
            margin = String(repeating: " ", count: number.count + 1)
            let excerpt = Excerpt(line, of: span, hiding: hidden)
            let underline = paint.severity(severity, excerpt.underline)
            lines.append(paint.frame("\(margin)|"))
            lines.append("\(paint.frame("\(number) |")) \(excerpt.text)".trimmingTrailingSpaces)
            lines.append("\(paint.frame("\(margin)|")) \(excerpt.indent)\(underline)")
        }
        if let help {
            let continued = "\n" + margin + "        "
            let text = help.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable }
            lines.append("\(paint.frame("\(margin)=")) help: \(text.joined(separator: continued))")
        }
        return lines.joined(separator: "\n")
    }
}

/// ANSI colours, or nothing.
private struct Paint {
    let isOn: Bool

    func bold(_ text: String) -> String { wrap(text, "1") }
    func frame(_ text: String) -> String { wrap(text, "1;34") }

    func severity(_ severity: Diagnostic.Severity, _ text: String) -> String {
        switch severity {
        case .error: wrap(text, "1;31")
        case .warning: wrap(text, "1;33")
        case .note: wrap(text, "1;36")
        }
    }

    private func wrap(_ text: String, _ code: String) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    /// The text with what could move a terminal's cursor or reorder its line replaced by U+FFFD.
    fileprivate var printable: String {
        guard unicodeScalars.contains(where: \.isUnprintable) else { return self }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: unicodeScalars.map { $0.isUnprintable ? "\u{FFFD}" : $0 })
        return String(result)
    }

    fileprivate var trimmingTrailingSpaces: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
