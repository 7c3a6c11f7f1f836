import CEL
import YAML

/// Reads what a test expects of values and of requests.
struct ExpectedValueReader {
    let file: FileReader

    /// A value, in which texts may be `/patterns/`.
    func value(_ node: Node) -> ExpectedValue {
        switch node.content {
        case .scalar(let scalar):
            guard case .string(let text) = scalar.value else { return .value(Value(scalar.value)) }
            guard let literal = file.templates.template(text, node: node).constant else {
                file.diagnostics.report(
                    "test.expression",
                    "what a test gives and expects is written out: there are no expressions here",
                    at: node.span,
                    help: "write the value, a `/pattern/`, or the expression under `check`"
                )
                return .value(.string(text))
            }
            return pattern(literal, at: node) ?? .value(.string(literal))
        case .sequence(let items): return .list(items.map(value))
        case .mapping(let entries): return .map(entries.map { (key: $0.name, value: value($0.value)) })
        }
    }

    /// `/RE2/` or `/RE2/i`; nil for any other text.
    private func pattern(_ text: String, at node: Node) -> ExpectedValue? {
        guard text.utf8.count > 2, text.hasPrefix("/"), let end = text.lastIndex(of: "/"), end > text.startIndex else {
            return nil
        }
        let flags = text[text.index(after: end)...]
        guard flags.isEmpty || flags == "i" else { return nil }
        do {
            let body = String(text[text.index(after: text.startIndex)..<end])
            return .pattern(try Pattern(body, ignoreCase: flags == "i"))
        } catch {
            file.diagnostics.report(
                "test.pattern",
                "this pattern is not valid: \(error.message)",
                at: node.span,
                help: "write RE2 syntax between slashes"
            )
            return nil
        }
    }

    /// A request that must be sent.
    func request(_ node: Node) -> ExpectedRequest? {
        guard var reader = MappingReader(node, as: "an expected request", into: file.diagnostics) else { return nil }
        var request = ExpectedRequest(place: file.place(of: node))
        request.pattern = pattern(&reader)
        request.action = reader.string("action")?.value
        request.headers = reader.take("headers").flatMap { members($0, "headers") }
        request.json = reader.take("json").map(value)
        request.form = reader.take("form").flatMap { members($0, "form") }
        request.multipart = reader.take("multipart").flatMap { members($0, "multipart") }
        request.body = reader.take("body").map(value)
        request.times = reader.int("times", in: 1...1_000_000)?.value ?? 1
        reader.finish()
        return request
    }

    /// Method, URL and query of an expected request or of a canned response.
    func pattern(_ reader: inout MappingReader) -> RequestPattern {
        var pattern = RequestPattern()
        let methods = HTTPMethod.allCases.map(\.rawValue)
        let present = reader.entries.filter { methods.contains($0.name) }
        reader.known(methods)
        if present.count > 1 {
            file.diagnostics.report(
                "test.two-methods",
                "a request has one method, and this one has `\(present[0].name)` and `\(present[1].name)`",
                at: present[1].key.span,
                help: "make it two entries"
            )
        }
        var query: [(key: String, value: ExpectedValue)] = []
        if let entry = present.first {
            pattern.method = HTTPMethod(rawValue: entry.name)
            if let text = entry.value.scalar?.text, !entry.value.isNull {
                let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
                pattern.url = String(parts[0])
                if parts.count > 1 { query = Self.parameters(parts[1]) }
            } else if !entry.value.isNull {
                file.diagnostics.report(
                    "type.text",
                    "`\(entry.name)` must be a path or a URL",
                    at: entry.value.span,
                    help: "write for example `\(entry.name): /issues`"
                )
            }
        }
        if let node = reader.take("query"), case .map(let entries)? = members(node, "query") { query += entries }
        if !query.isEmpty { pattern.query = .map(query) }
        return pattern
    }

    private static func parameters(_ text: Substring) -> [(key: String, value: ExpectedValue)] {
        text.split(separator: "&").map { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (key: String(pair[0]), value: .value(.string(pair.count > 1 ? String(pair[1]) : "")))
        }
    }

    /// The members of headers, queries and forms, which are texts in a request whatever they are here.
    private func members(_ node: Node, _ key: String) -> ExpectedValue? {
        guard case .map(let entries) = value(node) else {
            file.diagnostics.report(
                "type.mapping",
                "`\(key)` must be a mapping of names to values",
                at: node.span,
                help: "write one `name: value` per line below it"
            )
            return nil
        }
        return .map(entries.map { (key: key == "headers" ? $0.key.lowercased() : $0.key, value: $0.value.asText) })
    }
}

extension ExpectedValue {
    /// The value as requests carry it.
    fileprivate var asText: ExpectedValue {
        switch self {
        case .value(.null), .value(.string), .pattern: self
        case .value(let value): .value(.string(value.text))
        case .list(let items): .list(items.map(\.asText))
        case .map: .value(.string(shown))
        }
    }
}
