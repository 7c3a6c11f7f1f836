import CEL
import Connections
import Foundation
import Glibc
import Recipe
import YAML

/// What `validate` says of where fields come from: it reads variables and files, runs nothing, and shows no value.
struct FieldSourceReport {
    let environment: [String: String]
    let resolver: SecretResolver
    private let root: String

    init(_ location: WorkspaceLocation) {
        root = location.root
        environment = location.environment()
        resolver = SecretResolver(environment: environment, workspaceRoot: location.root)
    }

    /// Warnings about a connection's fields, in the order of its file.
    func warnings(_ connection: Connection) -> [Diagnostic] {
        connection.fields.flatMap { name, source in
            warnings(source, name, connection.connector.fields.first { $0.name == name }, connection)
        }
    }

    private func warnings(
        _ source: FieldSource,
        _ name: String,
        _ field: Field?,
        _ connection: Connection
    ) -> [Diagnostic] {
        func warning(_ code: String, _ message: String, _ help: String) -> Diagnostic {
            Diagnostic(
                .warning,
                code: code,
                message: message,
                help: help,
                path: connection.path,
                span: connection.fieldSpans[name] ?? Span(connection.place.mark, length: 1)
            )
        }
        let value: String?
        var found: [Diagnostic] = []
        switch source {
        case .group(let members):
            return members.flatMap { member, source in
                warnings(source, "\(name).\(member)", field?.properties.first { $0.name == member }, connection)
            }
        case .literal(let literal):
            value = literal.isNull ? nil : literal.text
        case .env(let variable, let fallback):
            value = environment[variable] ?? fallback?.text
            if value == nil {
                found.append(
                    warning(
                        "connection.variable",
                        "the environment variable \(variable) is not set here",
                        "set it where it runs, write it into the workspace's .env, or give a `default:`"
                    )
                )
            }
        case .file(let path):
            do {
                value = try resolver.contents(
                    ofFile: path,
                    for: "the field `\(name)` of the connection `\(connection.name)`"
                )
                if field?.isSecret == true, isReadableByOthers(path), !staysHere(connection) {
                    found.append(
                        warning(
                            "connection.readable",
                            "\(path) can be read by other users of this machine, and the secret `\(name)` is in it",
                            "run `chmod 600 \(path)`"
                        )
                    )
                }
            } catch {
                value = nil
                found.append(
                    warning(
                        "connection.file",
                        error.message,
                        "a path is relative to the workspace; the file must be there where it runs"
                    )
                )
            }
        case .credential, .command:
            // The one is there for a service only, the other would have to be run.
            value = nil
        }
        if field.map(Self.mustBeGiven) == true, value?.isEmpty == true, !isByDefault(source) {
            found.append(
                warning("connection.empty", "the field `\(name)` is empty here, and must be given", "give it a value")
            )
        }
        if field?.isSecret == true, let value, !value.isEmpty, value.utf8.count < Redactor.minimumLength {
            found.append(
                warning(
                    "connection.short-secret",
                    "this secret is too short to be hidden: texts of fewer than \(Redactor.minimumLength) characters are not looked for in logs and results",
                    "use a longer one"
                )
            )
        }
        return found
    }

    private static func mustBeGiven(_ field: Field) -> Bool { !field.isOptional && field.defaultValue == nil }

    /// An empty default is meant so.
    private func isByDefault(_ source: FieldSource) -> Bool {
        if case .env(let variable, _) = source { environment[variable] == nil } else { false }
    }

    /// Whether all goes to a server of this machine, such as the sandbox, whose secret is worth no warning.
    private func staysHere(_ connection: Connection) -> Bool {
        var values = ValueMap(connection.connector.fields.map { ($0.name, $0.standardValue) })
        for (name, source) in connection.fields {
            switch source {
            case .literal(let value): values[name] = value
            case .env(let variable, let fallback):
                values[name] = environment[variable].map(Value.string) ?? fallback ?? .null
            case .file, .command, .credential, .group: values[name] = nil
            }
        }
        let scope = Scope(["connection": .map(values), "env": .map(ValueMap())])
        guard let text = try? connection.effectiveBaseURI?.text(in: scope) else { return false }
        return ["127.0.0.1", "localhost", "::1", "[::1]"].contains(URLComponents(string: text)?.host ?? "")
    }

    private func isReadableByOthers(_ path: String) -> Bool {
        var status = stat()
        return stat(path.hasPrefix("/") ? path : root + "/" + path, &status) == 0 && status.st_mode & 0o044 != 0
    }
}
