import CEL
import YAML

/// Reads the values of a connection's fields against what its connector asks for.
struct FieldValueReader {
    let file: FileReader
    /// What the fields belong to, in messages.
    let owner: String
    /// Fields whose value may be the name of a file, which is no secret.
    var fileNames: Set<String> = []

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
                // A key without a value gives nothing.
                if !entry.value.isNull { names.insert(entry.name) }
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
        for field in fields where !names.contains(field.name) && mustBeGiven(field, fields, given) {
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

    /// Whether a connection needs a value for a field, as far as can be told from what stands in its file.
    private func mustBeGiven(_ field: Field, _ fields: [Field], _ given: [(name: String, source: FieldSource)]) -> Bool
    {
        guard field.defaultValue == nil else { return false }
        guard let condition = field.condition else { return !field.isOptional }
        var input = ValueMap(fields.compactMap { field in field.defaultValue.map { (field.name, $0) } })
        for (name, source) in given {
            if case .literal(let value) = source { input[name] = value } else { input[name] = nil }
        }
        return (try? condition.evaluate(in: Scope(["input": .map(input)]))) == .bool(true)
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
            let given = reader.values(node, of: field.properties, at: node.span)
            let others = field.properties.filter { member in !given.contains { $0.name == member.name } }
            return .group(given + others.map { ($0.name, .literal($0.standardValue)) })
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
            let isFileName = fileNames.contains(field.name) && !value.text.contains("-----BEGIN")
            if field.isSecret, value != .null, !isFileName { warnAboutLiteral(field, node.span) }
            if case .string(let text) = value, text.contains("${{") {
                file.diagnostics.report(
                    "connection.expression",
                    "the value of a field is taken as it stands here; `${{ … }}` in it would not be evaluated",
                    at: node.span,
                    help: "write `{ env: NAME }`, or `{ literal: … }` if it is really meant so"
                )
            }
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
        if entries.isEmpty {
            file.diagnostics.report(
                "connection.no-source",
                "nothing says where the value comes from",
                at: node.span,
                help:
                    "write the value, `{ env: NAME }`, `{ file: PATH }`, `{ command: [program] }` or `{ credential: NAME }`"
            )
        }
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
        if let command {
            if !command.isEmpty { return .command(command) }
            file.diagnostics.report(
                "connection.command",
                "the command is empty",
                at: entries[0].value.span,
                help: "write `command: [program, argument]`"
            )
        }
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
