import CEL
import YAML

/// Reads the fields of a connector.
struct FieldReader {
    let file: FileReader

    /// - Parameter others: fields that a connection has beside these, whose names are taken.
    func fields(_ node: Node?, as what: String = "`fields`", beside others: [Field] = []) -> [Field] {
        guard let node, !node.isNull else { return [] }
        guard case .sequence(let items) = node.content else {
            file.diagnostics.report(
                "type.list",
                "\(what) must be a list",
                at: node.span,
                help: "begin each field with `- name: …`"
            )
            return []
        }
        var names = Set(others.map(\.name))
        return items.compactMap { item in
            guard let field = field(item) else { return nil }
            if !names.insert(field.name).inserted { reportSecond(field.name, item) }
            return field
        }
    }

    private func reportSecond(_ name: String, _ node: Node) {
        var span = node.span
        if case .mapping(let entries) = node.content {
            span = entries.first { $0.name == "name" }?.value.span ?? span
        }
        file.diagnostics.report(
            "connector.field-twice",
            "there are two fields `\(name)`",
            at: span,
            help: "remove one, or rename it"
        )
    }

    /// The kinds of control that the SDK knows; all but `password` and `url` are a form's business.
    private static let controlTypes = [
        "password", "text", "text-area", "plain-text", "plain-text-area", "select", "multiselect", "static-list",
        "tree", "checkbox",
        "boolean", "number", "integer", "url", "subdomain", "date", "time", "date_time", "relative_date_time", "email",
        "phone",
        "key_value", "schema-designer",
    ]

    /// A misspelt `password` would make a secret visible.
    private func controlType(_ type: Located<String>?) -> String? {
        guard let type else { return nil }
        guard !Self.controlTypes.contains(type.value) else { return type.value }
        let near = Suggestion.nearest(to: type.value, among: Self.controlTypes)
        file.diagnostics.report(
            near == nil ? .warning : .error,
            "connector.control-type",
            "`\(type.value)` is no control type",
            at: type.span,
            help: near.map { "`\($0)` was probably meant" }
                ?? "write `control_type: password` for a secret; the usual others are `text`, `select`, `url`, `integer` and `checkbox`"
        )
        return type.value
    }

    /// What `ngIf` says, where CEL can read it; in the SDK it is an expression of JavaScript.
    private func condition(_ node: Node) -> Expression? {
        FileReader(source: file.diagnostics.source, settings: file.settings).expression(node, as: "`ngIf`")
    }

    private func field(_ node: Node) -> Field? {
        guard var reader = MappingReader(node, as: "a field", into: file.diagnostics) else { return nil }
        _ = reader.require("name", help: "add the field's name in `connection`, for example `name: client_id`")
        let name = reader.string("name")
        var field = Field(name: name?.value ?? "")
        field.label = reader.string("label")?.value
        field.hint = reader.string("hint")?.value
        field.isOptional = reader.bool("optional")?.value ?? true
        if let type = controlType(reader.string("control_type")) { field.controlType = type }
        let standard = reader.takeNonNull("default")
        field.defaultValue = standard.map(Value.init(plain:))
        field.choices = choices(reader.takeNonNull("options") ?? reader.takeNonNull("pick_list"))
        if let standard, let value = field.defaultValue, let choices = field.choices, !choices.contains(value) {
            if field.isSecret { file.diagnostics.hide(standard.span) }
            file.diagnostics.report(
                "connector.default",
                "the default is none of the options",
                at: standard.span,
                help: "write one of \(choices.map { "`\($0.text)`" }.joined(separator: ", "))"
            )
        }
        // As in the SDK: what a form shows under a condition must be given only where the condition holds.
        if let node = reader.takeNonNull("ngIf"), !field.isOptional {
            field.isOptional = true
            field.condition = condition(node)
        }
        field.properties = fields(reader.take("properties"), as: "`properties`")
        // Form behaviour of the SDK: kept as documentation (SDK-SEMANTICS section 16).
        reader.known([
            "options", "pick_list", "multiline", "type", "of", "extends_schema", "sticky", "url", "help", "toggle_hint",
            "toggle_field",
            "change_on_blur", "support_pills", "delimiter", "pick_list_params", "convert_input", "convert_output",
            "render_input",
            "parse_output", "details",
        ])
        reader.finish()
        return name == nil ? nil : field
    }

    /// A pick list: values, or pairs of label and value.
    private func choices(_ node: Node?) -> [Value]? {
        guard let node else { return nil }
        guard case .sequence(let items) = node.content else {
            file.diagnostics.report(
                "type.list",
                "the options of a field must be a list",
                at: node.span,
                help: "write `[first, second]`, or pairs of label and value: `[[First, first], [Second, second]]`"
            )
            return nil
        }
        return items.map { item in
            if case .sequence(let pair) = item.content, pair.count == 2 { return Value(plain: pair[1]) }
            return Value(plain: item)
        }
    }
}
