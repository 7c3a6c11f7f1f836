public import CEL
import YAML

/// Reads `inputs:` of recipes and of a connector's operations.
struct InputReader {
    let file: FileReader

    func inputs(_ node: Node?) -> [InputDefinition] {
        guard let node else { return [] }
        guard case .mapping(let entries) = node.content else {
            file.diagnostics.report(
                "type.mapping",
                "`inputs` must be a mapping",
                at: node.span,
                help: "write for example `limit: { type: integer, default: 50 }` below it"
            )
            return []
        }
        return entries.compactMap(input)
    }

    private func input(_ entry: Entry) -> InputDefinition? {
        guard Identifier.isValid(entry.name) else {
            file.diagnostics.report(
                "name.invalid",
                "`\(entry.name)` is no name for an input",
                at: entry.key.span,
                help: "write `\(Identifier.mended(entry.name))`"
            )
            return nil
        }
        guard var reader = MappingReader(entry.value, as: "an input", into: file.diagnostics) else { return nil }
        let kind = reader.choice("type", InputDefinition.Kind.self)?.value ?? .any
        let defaultNode = reader.take("default")
        let choices = reader.list("enum")
        let description = reader.string("description")?.value
        let isOptional = reader.bool("optional")?.value ?? false
        let isSecret = reader.bool("secret")?.value ?? false
        reader.finish()
        let definition = InputDefinition(
            name: entry.name,
            kind: kind,
            defaultValue: defaultNode.map(Value.init(plain:)),
            choices: choices?.map(Value.init(plain:)),
            description: description,
            isOptional: isOptional,
            isSecret: isSecret
        )
        if isSecret, let defaultNode, !defaultNode.isNull {
            file.diagnostics.hideValues(defaultNode)
            file.diagnostics.report(
                "input.secret-default",
                "a secret stands in the file for everybody who can read it",
                at: defaultNode.span,
                help: "remove the default, and give the value with `--input-file`"
            )
        }
        if let defaultNode, let value = definition.defaultValue, let problem = definition.problem(with: value) {
            file.diagnostics.report("input.default", "the default \(problem)", at: defaultNode.span)
        }
        return definition
    }
}

extension InputDefinition {
    /// What is wrong with a value for this input; nil when it fits.
    public func problem(with value: Value) -> String? {
        let fits =
            switch (kind, value) {
            case (.any, _), (.string, .string), (.integer, .int), (.number, .int), (.number, .double),
                (.boolean, .bool), (.list, .list), (.object, .map):
                true
            default: value == .null && isOptional
            }
        guard fits else { return "must be of type \(kind.rawValue)" }
        if let choices, !choices.contains(value) {
            return "must be one of \(choices.map(\.text).joined(separator: ", "))"
        }
        return nil
    }

    /// What a run must hide because of its inputs.
    public static func secrets(among definitions: [InputDefinition], in inputs: Value) -> [Value] {
        definitions.compactMap { $0.isSecret ? inputs[$0.name] : nil }
    }

    /// A command line's text as a value of this input's type; nil when it is none.
    public func value(fromText text: String) -> Value? {
        switch kind {
        case .string: .string(text)
        case .integer: Int64(text).map(Value.int)
        case .number: Int64(text).map(Value.int) ?? Double(text).map(Value.double)
        case .boolean: text == "true" ? .bool(true) : text == "false" ? .bool(false) : nil
        case .list, .object: try? Value(json: Array(text.utf8))
        case .any: (try? Value(json: Array(text.utf8))) ?? .string(text)
        }
    }
}
