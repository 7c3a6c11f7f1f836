import CEL
import Crypto
import Schedule
import YAML

/// Reads a connection's file, and connections that a recipe holds itself.
struct ConnectionReader {
    let file: FileReader
    let catalogue: Catalogue

    /// A connection; `name` is that of its file.
    func connection(_ node: Node?, name: String) -> Connection? {
        guard let node else {
            return file.reportEmpty(
                "connection.empty",
                help: "say how it authenticates, for example `connector: bearer`"
            )
        }
        guard var reader = MappingReader(node, as: "a connection", into: file.diagnostics) else { return nil }
        let connectorName = reader.string("connector")
        if connectorName == nil, !reader.entries.contains(where: { $0.name == "connector" }) {
            _ = reader.require("connector", help: "say how it authenticates, for example `connector: bearer`")
        }
        let fields = reader.take("fields")
        let baseNode = reader.takeNonNull("base_uri")
        let baseURI = baseNode.flatMap(baseURI)
        let test = reader.takeNonNull("test").flatMap { HTTPActionReader(file: file).request($0, as: "`test`") }
        let tls = RouteReader(file: file).tls(reader.takeNonNull("tls"))
        let proxy = RouteReader(file: file).proxy(reader.takeNonNull("proxy"))
        let origins = OriginReader(file: file).origins(reader.take("allowed_origins"))
        let allowsPlainHTTP = reader.bool("allow_http")?.value ?? false
        let rate = rateLimit(reader.takeNonNull("rate_limit"))
        let maxConcurrency = reader.int("max_concurrency", in: 1...10_000)?.value
        let renewTimeout = file.duration(reader.take("renew_timeout"), as: "`renew_timeout`", min: .milliseconds(100))
        reader.finish(foreign: ForeignKeys.ofConnection)

        guard let connectorName else { return nil }
        guard catalogue.connectorNames.contains(connectorName.value) else {
            if let fields { file.diagnostics.hideValues(fields) }
            let names = catalogue.connectorNames.sorted()
            let near = Suggestion.nearest(to: connectorName.value, among: names)
            let longer = names.filter { $0.hasPrefix(connectorName.value + "_") }
            file.diagnostics.report(
                "connection.connector",
                "there is no connector `\(connectorName.value)`",
                at: connectorName.span,
                help: near.map { "`\($0)` was probably meant" }
                    ?? (longer.isEmpty ? nil : "there is \(longer.map { "`\($0)`" }.joined(separator: ", "))")
                    ?? "write it as `connectors/\(connectorName.value).yml`; `runner connectors` lists the built-in ones"
            )
            return nil
        }
        // A broken connector has been reported in its own file.
        guard let general = catalogue.connector(connectorName.value),
            let connector = chosen(general, fields: fields, at: connectorName.span)
        else { return nil }
        var connection = Connection(
            name: name,
            connector: connector,
            path: file.diagnostics.source.path,
            place: file.place(of: node)
        )
        let values = FieldValueReader(
            file: file,
            owner: "the connector `\(connector.name)`",
            fileNames: Self.fields(in: connector.tls?.expressions ?? [])
        )
        connection.fields = values.values(fields, of: connector.fields, at: node.span)
        if let fields { connection.fieldSpans = FieldValueReader.spans(fields) }
        connection.baseURI = baseURI
        connection.test = test
        connection.tls = tls
        connection.proxy = proxy
        connection.allowedOrigins = origins
        connection.allowsPlainHTTP = allowsPlainHTTP
        connection.rateLimit = rate
        connection.maxConcurrency = maxConcurrency
        if let renewTimeout { connection.renewTimeout = renewTimeout }
        checkBasePath(of: connection, baseNode)
        return connection
    }

    /// The fields that expressions read.
    private static func fields(in expressions: [Expression]) -> Set<String> {
        Set(
            expressions.flatMap(\.program.references).compactMap { reference in
                reference.path.first == "connection" && reference.path.count > 1 ? reference.path[1] : nil
            }
        )
    }

    /// The base path as far as this file decides it; what the connector's file says alone is checked there.
    private func checkBasePath(of connection: Connection, _ node: Node?) {
        guard let template = connection.effectiveBaseURI else { return }
        var values = ValueMap(
            connection.connector.fields.compactMap { field in field.defaultValue.map { (field.name, $0) } }
        )
        for (name, source) in connection.fields {
            if case .literal(let value) = source { values[name] = value } else { values[name] = nil }
        }
        let read = Self.fields(in: template.expressions)
        // The mend would show it.
        guard !read.contains(where: connection.connector.isSecret) else { return }
        let span = node?.span ?? read.sorted().lazy.compactMap { connection.fieldSpans[$0] }.first
        let scope = Scope(["connection": .map(values), "env": .map(ValueMap())])
        guard let span, let text = try? template.text(in: scope) else { return }
        BasePath(diagnostics: file.diagnostics).check(text, at: span)
    }

    /// The connector itself; of one with alternatives that which the fields select.
    private func chosen(_ connector: Connector, fields: Node?, at span: Span) -> Connector? {
        guard let alternatives = connector.authorization.alternatives else { return connector }
        // What it selects decides which fields there are, so it must be known when the file is read.
        var values = ValueMap(connector.fields.map { ($0.name, $0.defaultValue ?? .null) })
        var entries: [Entry] = []
        if case .mapping(let given)? = fields?.content { entries = given }
        for entry in entries {
            if case .scalar = entry.value.content { values[entry.name] = Value(plain: entry.value) }
        }
        let read = Self.fields(in: alternatives.selected.expressions)
        let decisive = entries.first { read.contains($0.name) }
        if let entry = decisive, case .mapping = entry.value.content {
            file.diagnostics.report(
                "connection.selection",
                "`\(entry.name)` decides how the connection authenticates, and must stand here itself",
                at: entry.value.span,
                help: "write one of \(alternatives.options.map { "`\($0.name)`" }.joined(separator: ", "))"
            )
            return nil
        }
        let place = decisive?.value.span ?? fields?.span ?? span
        let scope = Scope(["connection": .map(values), "env": .map(ValueMap())])
        let name: String
        do {
            name = try alternatives.selected.text(in: scope)
        } catch {
            file.diagnostics.report("connection.selection", "`selected` of the connector: \(error.message)", at: place)
            return nil
        }
        if let result = connector.choosing(name) { return result }
        let names = alternatives.options.map(\.name)
        let near = Suggestion.nearest(to: name, among: names)
        file.diagnostics.report(
            "connection.selection",
            name.isEmpty
                ? "the connector `\(connector.name)` authenticates in several ways, and none is selected"
                : "the connector `\(connector.name)` has no authorization `\(name)`",
            at: place,
            help: near.map { "`\($0)` was probably meant" }
                ?? "choose one of \(names.map { "`\($0)`" }.joined(separator: ", "))"
                + (read.count == 1 ? ": `\(read.first ?? ""): …` under `fields:`" : "")
        )
        return nil
    }

    private func baseURI(_ node: Node) -> Template? {
        guard let template = file.template(node, as: "`base_uri`") else { return nil }
        guard let text = template.constant, !text.hasPrefix("https://"), !text.hasPrefix("http://") else {
            return template
        }
        let isHost = !text.contains(":/") && !text.hasPrefix("/") && text.contains { $0 == "." || $0 == ":" }
        file.diagnostics.report(
            "connection.base-uri",
            "`base_uri` begins with `https://` or `http://`",
            at: node.span,
            help: isHost ? "write `https://\(text)`" : "write for example `https://api.example.com/v1/`"
        )
        return nil
    }

    /// `10/s`, `600/m`, `5000/h`, `100/10s`.
    private func rateLimit(_ node: Node?) -> RateLimit? {
        guard let node else { return nil }
        let text = node.scalar?.text ?? ""
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let count = Int(parts[0]), count > 0 {
            let unit = parts[1].first?.isNumber == true ? String(parts[1]) : "1\(parts[1])"
            if let per = try? DurationText.parse(unit), per > .zero { return RateLimit(count: count, per: per) }
        }
        file.diagnostics.report(
            "connection.rate-limit",
            text.isEmpty ? "this is no rate" : "`\(text)` is no rate",
            at: node.span,
            help: "write requests and time, for example `10/s` or `600/m`"
        )
        return nil
    }
}

/// Reads references to connections: a name, or a connection that the recipe holds itself.
struct ConnectionReferenceReader {
    let file: FileReader
    let catalogue: Catalogue

    func reference(_ node: Node?) -> ConnectionReference? {
        guard let node else { return nil }
        switch node.content {
        case .scalar(let scalar):
            guard catalogue.connectionNames.contains(scalar.text) else {
                let near = Suggestion.nearest(to: scalar.text, among: catalogue.connectionNames.sorted())
                file.diagnostics.report(
                    "recipe.connection",
                    "there is no connection `\(scalar.text)`",
                    at: node.span,
                    help: near.map { "`\($0)` was probably meant" } ?? "write it as `connections/\(scalar.text).yml`"
                )
                return nil
            }
            return .named(scalar.text, file.place(of: node))
        case .mapping:
            let name = Connection.inlinePrefix + Self.digest(of: Value(plain: node).json())
            let reader = ConnectionReader(file: file, catalogue: catalogue)
            return reader.connection(node, name: name).map(ConnectionReference.inline)
        case .sequence:
            file.diagnostics.report(
                "type.connection",
                "`connection` is a name or a mapping",
                at: node.span,
                help: "write `connection: NAME`"
            )
            return nil
        }
    }

    private static func digest(of text: String) -> String {
        String(Fingerprint(of: text).text.prefix(12))
    }
}
