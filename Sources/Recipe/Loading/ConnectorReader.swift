import CEL
import YAML

/// Reads a connector's file, in the flat form of DESIGN section 6 and in the seed's nesting under `connection:`.
struct ConnectorReader {
    let file: FileReader

    func connector(_ node: Node?, name: String) -> Connector? {
        guard let node else {
            return file.reportEmpty(
                "connector.empty",
                help: "say what a connection gives with `fields:`, and how it authenticates with `authorization:`"
            )
        }
        guard var reader = MappingReader(node, as: "a connector", into: file.diagnostics) else { return nil }
        var connector = Connector(name: name, text: file.diagnostics.source.text)
        connector.path = file.diagnostics.source.path
        connector.title = reader.string("title")?.value
        connector.test = reader.takeNonNull("test").flatMap(test)
        connector.operations = operations(reader.take("actions"))
        connector.publicKeys = Set(file.strings(reader.take("public"), as: "`public`") ?? [])
        if let nested = reader.take("connection") {
            guard var inner = MappingReader(nested, as: "`connection`", into: file.diagnostics) else { return nil }
            body(&inner, &connector)
            if let test = inner.takeNonNull("test") { connector.test = self.test(test) }
            inner.finish()
            let keys = ["fields", "extended_fields", "authorization", "base_uri", "tls", "proxy"]
            reader.known(keys)
            for key in keys {
                guard let entry = reader.entries.first(where: { $0.name == key }) else { continue }
                file.diagnostics.report(
                    "connector.two-forms",
                    "`\(key)` stands beside `connection:`, which holds the same keys",
                    at: entry.key.span,
                    help: "move it below `connection:`, or drop that level"
                )
            }
        } else {
            body(&reader, &connector)
        }
        reader.finish()
        ConnectorChecker(file: file).check(connector)
        return connector
    }

    private func body(_ reader: inout MappingReader, _ connector: inout Connector) {
        let fields = FieldReader(file: file)
        connector.fields = fields.fields(reader.take("fields"))
        // The SDK computes these from the bag; here they are listed, and none of them must be given.
        connector.fields += fields.fields(
            reader.take("extended_fields"),
            as: "`extended_fields`",
            beside: connector.fields
        ).map { field in
            var field = field
            field.isOptional = true
            field.condition = nil
            return field
        }
        if let node = reader.takeNonNull("authorization") {
            connector.authorization = AuthorizationReader(file: file).authorization(node)
        }
        connector.baseURI = reader.takeNonNull("base_uri").flatMap { baseURI($0) }
        connector.tls = RouteReader(file: file).tls(reader.takeNonNull("tls"))
        connector.proxy = RouteReader(file: file).proxy(reader.takeNonNull("proxy"))
    }

    private func test(_ node: Node) -> HTTPAction? {
        HTTPActionReader(file: file).request(node, as: "`test`")
    }

    private func baseURI(_ node: Node) -> Template? {
        guard let template = file.template(node, as: "`base_uri`") else { return nil }
        if let text = template.constant { BasePath(diagnostics: file.diagnostics).check(text, at: node.span) }
        return template
    }

    private func operations(_ node: Node?) -> [String: Operation] {
        guard let node else { return [:] }
        guard case .mapping(let entries) = node.content else {
            file.diagnostics.report(
                "type.mapping",
                "`actions` of a connector is a mapping of names to requests",
                at: node.span
            )
            return [:]
        }
        var operations: [String: Operation] = [:]
        for entry in entries {
            guard var reader = MappingReader(entry.value, as: "an operation", into: file.diagnostics) else { continue }
            let inputs = InputReader(file: file).inputs(reader.take("inputs"))
            let output = reader.take("output").map(file.valueTemplate)
            _ = reader.string("description")
            let request = HTTPActionReader(file: file).request(&reader, as: "an operation", at: entry.value)
            reader.finish()
            guard let request else { continue }
            operations[entry.name] = Operation(inputs: inputs, request: request, output: output)
        }
        return operations
    }
}
