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
        GivenInputs(node: given, key: "with", owner: "the operation `\(name.text)`", code: "use")
            .check(against: operation.inputs, at: node.span, into: file.diagnostics)
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
}
