import CEL
import YAML

/// Reads the fields of a connector.
struct FieldReader {
    let file: FileReader

    func fields(_ node: Node?, as what: String = "`fields`") -> [Field] {
        guard let node else { return [] }
        guard case .sequence(let items) = node.content else {
            file.diagnostics.report(
                "type.list",
                "\(what) must be a list",
                at: node.span,
                help: "begin each field with `- name: …`"
            )
            return []
        }
        return items.compactMap(field)
    }

    private func field(_ node: Node) -> Field? {
        guard var reader = MappingReader(node, as: "a field", into: file.diagnostics) else { return nil }
        _ = reader.require("name", help: "add the field's name in `connection`, for example `name: client_id`")
        let name = reader.string("name")
        var field = Field(name: name?.value ?? "")
        field.label = reader.string("label")?.value
        field.hint = reader.string("hint")?.value
        field.isOptional = reader.bool("optional")?.value ?? true
        if let type = reader.string("control_type") { field.controlType = type.value }
        if let node = reader.take("default") { field.defaultValue = Value(plain: node) }
        field.choices = choices(reader.take("options") ?? reader.take("pick_list"))
        field.properties = fields(reader.take("properties"), as: "`properties`")
        // Form behaviour of the SDK: kept as documentation (SDK-SEMANTICS section 16).
        reader.known([
            "options", "pick_list", "multiline", "type", "extends_schema", "ngIf", "sticky", "toggle_hint",
            "convert_input", "convert_output", "parse_output", "details",
        ])
        reader.finish()
        return name == nil ? nil : field
    }

    /// A pick list: values, or pairs of label and value.
    private func choices(_ node: Node?) -> [Value]? {
        guard let node, case .sequence(let items) = node.content else { return nil }
        return items.map { item in
            if case .sequence(let pair) = item.content, pair.count == 2 { return Value(plain: pair[1]) }
            return Value(plain: item)
        }
    }
}
