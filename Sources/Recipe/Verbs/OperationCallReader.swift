import CEL
import YAML

/// Reads the verb `use`: an operation of the connector, and what `with:` gives it.
struct OperationCallReader {
    let file: FileReader
    let catalogue: Catalogue

    func call(_ node: Node, _ reader: inout MappingReader, through reference: ConnectionReference?) -> OperationCall? {
        let given = reader.takeNonNull("with")
        guard case .scalar(let name) = node.content else {
            file.diagnostics.report(
                "use.name",
                "`use` is the name of an operation",
                at: node.span,
                help: "write `use: NAME`, and what it is given under `with:`"
            )
            return nil
        }
        guard let reference else {
            file.diagnostics.report(
                "use.no-connection",
                "`use` needs a connection, whose connector has the operation",
                at: node.span,
                help: "add `connection: NAME` to the action or to the recipe"
            )
            return nil
        }
        // A broken connection has been reported where it stands.
        guard let connector = catalogue.connection(reference)?.connector else { return nil }
        guard let operation = connector.operations[name.text] else {
            reportUnknown(name.text, of: connector, at: node.span)
            return nil
        }
        check(given, against: operation, name.text, at: node.span)
        return OperationCall(
            name: name.text,
            operation: operation,
            arguments: file.members(given, as: "`with`")
        )
    }

    private func reportUnknown(_ name: String, of connector: Connector, at span: Span) {
        let names = connector.operations.keys.sorted()
        let help =
            names.isEmpty
            ? "write a request such as `get: /path`, or add `actions:` to the connector"
            : Suggestion.nearest(to: name, among: names).map { "`\($0)` was probably meant" }
                ?? "it has \(names.map { "`\($0)`" }.joined(separator: ", "))"
        file.diagnostics.report(
            "use.unknown",
            "the connector `\(connector.name)` has no operation `\(name)`",
            at: span,
            help: help
        )
    }

    /// Names are checked here, and values as far as they are no expressions.
    private func check(_ given: Node?, against operation: Operation, _ name: String, at span: Span) {
        var entries: [Entry] = []
        switch given?.content {
        case .mapping(let mapping)?: entries = mapping
        // An expression that gives the whole map is checked when it has been evaluated.
        case .scalar?, .sequence?: return
        case nil: break
        }
        for entry in entries {
            guard let input = operation.inputs.first(where: { $0.name == entry.name }) else {
                let names = operation.inputs.map(\.name)
                let near = Suggestion.nearest(to: entry.name, among: names)
                file.diagnostics.report(
                    "use.unknown-input",
                    "the operation `\(name)` has no input `\(entry.name)`",
                    at: entry.key.span,
                    help: near.map { "`\($0)` was probably meant" }
                        ?? (names.isEmpty
                            ? "it takes none" : "it takes \(names.map { "`\($0)`" }.joined(separator: ", "))")
                )
                continue
            }
            guard file.valueTemplate(entry.value).expressions.isEmpty else { continue }
            if let problem = input.problem(with: Value(plain: entry.value)) {
                file.diagnostics.report("use.input", "the input `\(entry.name)` \(problem)", at: entry.value.span)
            }
        }
        for input in operation.inputs
        where input.defaultValue == nil && !input.isOptional && !entries.contains(where: { $0.name == input.name }) {
            file.diagnostics.report(
                "use.missing-input",
                "the operation `\(name)` needs `\(input.name)`",
                at: given?.span ?? span,
                help: "add `with: { \(input.name): … }`"
            )
        }
    }
}
