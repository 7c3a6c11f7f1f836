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
        guard
            var reader = MappingReader(entry.value, as: "an input", into: file.diagnostics, help: Self.mend(of: entry))
        else { return nil }
        let kind = reader.choice("type", InputDefinition.Kind.self, foreign: ForeignKeys.ofInputType)?.value ?? .any
        let defaultNode = reader.take("default")
        let choices = reader.list("enum")
        let description = reader.string("description")?.value
        let isOptional = reader.bool("optional")?.value ?? false
        let isSecret = reader.bool("secret")?.value ?? false
        reader.finish(foreign: ForeignKeys.ofInput)
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
            file.diagnostics.report(
                "input.default",
                "the default \(problem)",
                at: defaultNode.span,
                help: isSecret ? nil : defaultNode.scalar.flatMap { Self.mend(ofDefault: $0, kind) }
            )
        }
        return definition
    }

    /// What to write for an input that is no mapping: its type, or its default, alone.
    private static func mend(of entry: Entry) -> String? {
        guard let scalar = entry.value.scalar, scalar.text.utf8.count <= 40, !scalar.text.contains("\n") else {
            return nil
        }
        let kind = InputDefinition.Kind(rawValue: scalar.text)?.rawValue ?? ForeignKeys.ofInputType[scalar.text]
        if let kind { return "write `\(entry.name): { type: \(kind) }`" }
        return scalar.value == .null
            ? "write `\(entry.name): { type: string }`" : "write `\(entry.name): { default: \(scalar.text) }`"
    }

    /// What to write for a default that is of another type.
    private static func mend(ofDefault scalar: Scalar, _ kind: InputDefinition.Kind) -> String? {
        switch kind {
        case .integer, .number:
            Double(scalar.text) != nil && scalar.style != .plain ? "write \(scalar.text) without quotes" : nil
        case .boolean:
            ["yes", "on", "y"].contains(scalar.text.lowercased())
                ? "write `true`" : ["no", "off", "n"].contains(scalar.text.lowercased()) ? "write `false`" : nil
        case .string:
            if case .string = scalar.value { nil } else { "put it in quotes: \"\(scalar.text)\"" }
        case .list, .object, .any: nil
        }
    }
}

extension InputDefinition {
    /// What is wrong with a value for this input; nil when it fits.
    public func problem(with value: Value) -> String? {
        let fits =
            switch (kind, value) {
            case (.any, _), (.string, .string), (.integer, .int), (.number, .int), (.boolean, .bool), (.list, .list),
                (.object, .map):
                true
            // What is infinite, or no number at all, JSON cannot say.
            case (.number, .double(let number)): number.isFinite
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
        case .number:
            Int64(text).map(Value.int) ?? Double(text).flatMap { $0.isFinite ? .double($0) : nil }
        case .boolean: text == "true" ? .bool(true) : text == "false" ? .bool(false) : nil
        case .list, .object: try? Value(json: Array(text.utf8))
        case .any: (try? Value(json: Array(text.utf8))) ?? .string(text)
        }
    }
}
