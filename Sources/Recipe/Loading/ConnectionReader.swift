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
        guard let node, var reader = MappingReader(node, as: "a connection", into: file.diagnostics) else { return nil }
        let connectorName = reader.string("connector")
        if connectorName == nil, !reader.entries.contains(where: { $0.name == "connector" }) {
            _ = reader.require("connector", help: "say how it authenticates, for example `connector: bearer`")
        }
        let fields = reader.take("fields")
        let baseURI = reader.takeNonNull("base_uri").flatMap { file.template($0, as: "`base_uri`") }
        let test = reader.takeNonNull("test").flatMap { HTTPActionReader(file: file).request($0, as: "`test`") }
        let origins = file.strings(reader.take("allowed_origins"), as: "`allowed_origins`") ?? []
        let allowsPlainHTTP = reader.bool("allow_http")?.value ?? false
        let rate = rateLimit(reader.string("rate_limit"))
        let maxConcurrency = reader.int("max_concurrency", in: 1...10_000)?.value
        let renewTimeout = file.duration(reader.take("renew_timeout"), as: "`renew_timeout`", min: .milliseconds(100))
        reader.finish()

        guard let connectorName else { return nil }
        guard catalogue.connectorNames.contains(connectorName.value) else {
            let near = Suggestion.nearest(to: connectorName.value, among: catalogue.connectorNames.sorted())
            file.diagnostics.report(
                "connection.connector",
                "there is no connector `\(connectorName.value)`",
                at: connectorName.span,
                help: near.map { "`\($0)` was probably meant" }
                    ?? "write it as `connectors/\(connectorName.value).yml`; `runner connectors` lists the built-in ones"
            )
            return nil
        }
        // A broken connector has been reported in its own file.
        guard let connector = catalogue.connector(connectorName.value) else { return nil }
        var connection = Connection(
            name: name,
            connector: connector,
            path: file.diagnostics.source.path,
            place: file.place(of: node)
        )
        connection.fields = FieldValueReader(file: file, connector: connector).fields(fields, at: node.span)
        connection.baseURI = baseURI
        connection.test = test
        connection.allowedOrigins = origins
        connection.allowsPlainHTTP = allowsPlainHTTP
        connection.rateLimit = rate
        connection.maxConcurrency = maxConcurrency
        if let renewTimeout { connection.renewTimeout = renewTimeout }
        return connection
    }

    /// `10/s`, `600/m`, `5000/h`, `100/10s`.
    private func rateLimit(_ text: Located<String>?) -> RateLimit? {
        guard let text else { return nil }
        let parts = text.value.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let count = Int(parts[0]), count > 0 {
            let unit = parts[1].first?.isNumber == true ? String(parts[1]) : "1\(parts[1])"
            if let per = try? DurationText.parse(unit), per > .zero { return RateLimit(count: count, per: per) }
        }
        file.diagnostics.report(
            "connection.rate-limit",
            "`\(text.value)` is no rate",
            at: text.span,
            help: "write requests and time, for example `10/s` or `600/m`"
        )
        return nil
    }
}

/// Reads the values of a connection's fields against what its connector asks for.
private struct FieldValueReader {
    let file: FileReader
    let connector: Connector

    func fields(_ node: Node?, at span: Span) -> [(name: String, source: FieldSource)] {
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
                guard let field = connector.fields.first(where: { $0.name == entry.name }) else {
                    let near = Suggestion.nearest(to: entry.name, among: connector.fields.map(\.name))
                    file.diagnostics.report(
                        "connection.unknown-field",
                        "the connector `\(connector.name)` has no field `\(entry.name)`",
                        at: entry.key.span,
                        help: near.map { "`\($0)` was probably meant" }
                            ?? "it has \(connector.fields.map { "`\($0.name)`" }.joined(separator: ", "))"
                    )
                    continue
                }
                if let source = source(entry.value, field) { given.append((entry.name, source)) }
            }
        }
        for field in connector.fields
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

    private func source(_ node: Node, _ field: Field) -> FieldSource? {
        guard case .mapping(let entries) = node.content else {
            let value = Value(plain: node)
            if field.isSecret, value != .null { warnAboutLiteral(field, node.span) }
            if let choices = field.choices, !choices.contains(value), value != .null {
                file.diagnostics.report(
                    "connection.choice",
                    "`\(value.text)` is not allowed for `\(field.name)`",
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

    private func warnAboutLiteral(_ field: Field, _ span: Span) {
        file.diagnostics.report(
            .warning,
            "connection.literal-secret",
            "the secret `\(field.name)` is written into the file",
            at: span,
            help: "write `{ env: \(field.name.uppercased()) }`, `{ file: … }` or `{ command: […] }`"
        )
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
            let name = "inline-" + Self.digest(of: Value(plain: node).json())
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
        String(RecipeReader.version(of: text).prefix(12))
    }
}
