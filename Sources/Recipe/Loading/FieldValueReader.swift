import CEL
import YAML

/// Reads the values of a connection's fields against what its connector asks for.
struct FieldValueReader {
    let file: FileReader
    /// What the fields belong to, in messages.
    let owner: String

    func values(_ node: Node?, of fields: [Field], at span: Span) -> [(name: String, source: FieldSource)] {
        var given: [(name: String, source: FieldSource)] = []
        var names: Set<String> = []
        if let node, !node.isNull {
            guard case .mapping(let entries) = node.content else {
                file.diagnostics.report(
                    "type.mapping",
                    "`fields` must be a mapping of names to values",
                    at: node.span,
                    help: "write for example `client_id: { env: CLIENT_ID }` below it"
                )
                return []
            }
            for entry in entries {
                names.insert(entry.name)
                guard let field = fields.first(where: { $0.name == entry.name }) else {
                    let near = Suggestion.nearest(to: entry.name, among: fields.map(\.name))
                    file.diagnostics.report(
                        "connection.unknown-field",
                        "\(owner) has no field `\(entry.name)`",
                        at: entry.key.span,
                        help: near.map { "`\($0)` was probably meant" }
                            ?? "it has \(fields.map { "`\($0.name)`" }.joined(separator: ", "))"
                    )
                    file.diagnostics.hideValues(entry.value)
                    continue
                }
                if let source = source(entry.value, field) { given.append((entry.name, source)) }
            }
        }
        for field in fields
        where !field.isOptional && field.defaultValue == nil && !names.contains(field.name) {
            file.diagnostics.report(
                "connection.missing-field",
                "the field `\(field.name)` is missing",
                at: node?.span ?? span,
                help: "add `\(field.name): { env: \(field.name.uppercased()) }` under `fields:`"
                    + (field.hint.map { " (\($0))" } ?? "")
            )
        }
        return given
    }

    /// Where each value stands, those of mappings below it as `name.member`.
    static func spans(_ node: Node) -> [String: Span] {
        guard case .mapping(let entries) = node.content else { return [:] }
        var spans: [String: Span] = [:]
        for entry in entries {
            spans[entry.name] = entry.value.span
            for (name, span) in self.spans(entry.value) { spans["\(entry.name).\(name)"] = span }
        }
        return spans
    }

    private func source(_ node: Node, _ field: Field) -> FieldSource? {
        if !field.properties.isEmpty {
            let reader = FieldValueReader(file: file, owner: "the group `\(field.name)`")
            return .group(reader.values(node, of: field.properties, at: node.span))
        }
        guard case .mapping(let entries) = node.content else {
            let value = Value(plain: node)
            if let name = Self.variable(node.scalar?.text ?? "") {
                file.diagnostics.report(
                    "connection.environment",
                    "a field's value is taken as it stands, so this is no variable of the environment",
                    at: node.span,
                    help: "write `{ env: \(name) }`"
                )
                return .env(name, default: nil)
            }
            if field.isSecret, value != .null { warnAboutLiteral(field, node.span) }
            if let choices = field.choices, !choices.contains(value), value != .null {
                file.diagnostics.report(
                    "connection.choice",
                    "\(field.isSecret ? "this" : "`\(value.text)`") is not allowed for `\(field.name)`",
                    at: node.span,
                    help: "write one of \(choices.map { "`\($0.text)`" }.joined(separator: ", "))"
                )
            }
            return .literal(value)
        }
        guard var reader = MappingReader(node, as: "a field's value", into: file.diagnostics) else { return nil }
        let env = reader.string("env")
        let path = reader.string("file")
        let command = file.strings(reader.take("command"), as: "`command`")
        let credential = reader.string("credential")
        let literal = reader.take("literal")
        let fallback = reader.take("default")
        reader.finish()
        if let fallback, env == nil {
            file.diagnostics.report(
                "connection.default",
                "`default` belongs to `env`",
                at: fallback.span,
                help: "write `{ env: NAME, default: … }`"
            )
        }
        if let fallback, field.isSecret { warnAboutLiteral(field, fallback.span) }
        if entries.count > (fallback == nil ? 1 : 2) {
            file.diagnostics.report(
                "connection.two-sources",
                "a value comes from one source",
                at: entries[1].key.span,
                help: "remove all but one"
            )
        }
        if let env { return .env(env.value, default: fallback.map(Value.init(plain:))) }
        if let path { return .file(path.value) }
        if let command, !command.isEmpty { return .command(command) }
        if let credential { return .credential(credential.value) }
        if let literal {
            if field.isSecret { warnAboutLiteral(field, literal.span) }
            return .literal(Value(plain: literal))
        }
        return nil
    }

    /// The variable that `$NAME`, `${NAME}` or `${{ env.NAME }}` would be elsewhere.
    private static func variable(_ text: String) -> String? {
        guard text.hasPrefix("$") else { return nil }
        var name = text.dropFirst()
        if name.hasPrefix("{{"), name.hasSuffix("}}") {
            let inner = name.dropFirst(2).dropLast(2).filter { $0 != " " }
            guard inner.hasPrefix("env.") else { return nil }
            name = Substring(inner).dropFirst(4)
        } else if name.hasPrefix("{"), name.hasSuffix("}") {
            name = name.dropFirst().dropLast()
        }
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
        return isName && name.first?.isLetter == true ? String(name) : nil
    }

    private func warnAboutLiteral(_ field: Field, _ span: Span) {
        file.diagnostics.hide(span)
        file.diagnostics.report(
            .warning,
            "connection.literal-secret",
            "the secret `\(field.name)` is written into the file",
            at: span,
            help: "write `{ env: \(field.name.uppercased()) }`, `{ file: … }` or `{ command: […] }`"
        )
    }
}

extension Diagnostics {
    /// Hides every value in a node, of which nobody can say whether it is a secret.
    func hideValues(_ node: Node) {
        switch node.content {
        case .scalar: hide(node.span)
        case .sequence(let items): for item in items { hideValues(item) }
        case .mapping(let entries): for entry in entries { hideValues(entry.value) }
        }
    }
}
