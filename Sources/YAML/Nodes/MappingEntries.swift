/// The entries of a mapping while it is read: what cannot be a key is reported and left out.
struct MappingEntries {
    private(set) var kept: [Entry] = []
    /// The last value, kept or not: the mapping ends there.
    private(set) var lastValue: Node?
    /// Made only for mappings that are too large to compare each key with all others.
    private var index: [String: Int] = [:]

    private static let small = 12

    mutating func add(_ key: Node, _ value: Node, composer: Composer) {
        lastValue = value
        guard let scalar = accepted(key, composer: composer) else { return }
        if let first = place(of: scalar.text) {
            composer.diagnostics.report(
                "yaml.duplicate-key",
                "the key `\(scalar.text)` stands here a second time",
                at: key.span,
                help: "the first is on line \(kept[first].key.span.start.line); remove one, or rename it"
            )
            return
        }
        kept.append(Entry(key: key, value: value))
        if kept.count == Self.small {
            for (place, entry) in kept.enumerated() { index[entry.name] = place }
        } else if kept.count > Self.small {
            index[scalar.text] = kept.count - 1
        }
    }

    private func place(of name: String) -> Int? {
        kept.count < Self.small ? kept.firstIndex { $0.name == name } : index[name]
    }

    private func accepted(_ key: Node, composer: Composer) -> Scalar? {
        guard let scalar = key.scalar else {
            let shape = LineShape(composer.source.line(key.span.start.line) ?? "")
            let text = shape.wholeText(from: key.span.start.column - 1)
            // `{{ x }}` and, inside a flow mapping, the second brace of it: YAML reads a mapping as the key of a mapping.
            let braces = shape.bracesStart(before: key.span.start.column - 1)
            if let braces {
                composer.diagnostics.report(
                    "yaml.expression-in-flow",
                    "`{{` without quotes is a mapping inside a mapping to YAML",
                    at: Span(Mark(line: key.span.start.line, column: braces + 1), length: 2),
                    help: "write an expression as \"${{ … }}\", in quotes"
                )
            } else {
                composer.diagnostics.report(
                    "yaml.key-not-scalar",
                    "a key must be a single word or text, and this is \(key.kindInWords)",
                    at: key.span,
                    help: "if text is meant, put it in quotes: \(LineShape.quoted(text))"
                )
            }
            return nil
        }
        if scalar.style == .plain, scalar.text == "<<" {
            composer.diagnostics.report(
                "yaml.merge-key",
                "merge keys (`<<`) are not part of YAML 1.2",
                at: key.span,
                help: "write the keys out here, or give the whole value as an alias: `key: *name`"
            )
            return nil
        }
        if scalar.style == .plain, scalar.text.isEmpty {
            composer.diagnostics.report(
                "yaml.empty-key",
                "a key is missing before `:`",
                at: key.span,
                help: "write `name: value`"
            )
            return nil
        }
        return scalar
    }
}

extension Node {
    /// What the node is, for people: `a list`, `text`, `a number`.
    var kindInWords: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(let scalar):
            switch scalar.value {
            case .null: "nothing"
            case .bool: "true or false"
            case .int, .double: "a number"
            case .string: "text"
            }
        }
    }
}
