import CEL
import YAML

/// Reads what a test gives to a run: inputs, environment, fields of connections, and what programs leave.
struct GivenValueReader {
    let file: FileReader
    let recipe: Recipe
    let connections: [String: Connection]

    /// A value without expressions.
    func value(_ node: Node) -> Value {
        switch node.content {
        case .scalar(let scalar):
            guard case .string(let text) = scalar.value else { return Value(scalar.value) }
            if let literal = file.templates.template(text, node: node).constant { return .string(literal) }
            file.diagnostics.report(
                "test.expression",
                "what a test gives and expects is written out: there are no expressions here",
                at: node.span,
                help:
                    "write the value; expressions stand under `check`, and in the bodies of responses, which see `request`"
            )
            return .string(text)
        case .sequence(let items): return .list(items.map(value))
        case .mapping(let entries): return .map(ValueMap(entries.map { ($0.name, value($0.value)) }))
        }
    }

    /// `inputs:`, checked against the recipe's.
    func inputs(_ node: Node?) -> [String: Value] {
        var result: [String: Value] = [:]
        for entry in entries(node, "inputs") {
            guard let definition = recipe.inputs.first(where: { $0.name == entry.name }) else {
                report(entry, "the recipe has no input `\(entry.name)`", among: recipe.inputs.map(\.name))
                continue
            }
            let value = value(entry.value)
            if let problem = definition.problem(with: value) {
                file.diagnostics.report("test.input", "the input `\(entry.name)` \(problem)", at: entry.value.span)
            }
            result[entry.name] = value
        }
        return result
    }

    /// `env:`, of which only what `runner.yml` lists can be read.
    func environment(_ node: Node?) -> [String: String] {
        var result: [String: String] = [:]
        let known = file.settings.environmentNames
        for entry in entries(node, "env") {
            if !known.contains(entry.name) {
                let near = Suggestion.nearest(to: entry.name, among: known)
                file.diagnostics.report(
                    "test.env",
                    "no expression can read the environment variable `\(entry.name)`",
                    at: entry.key.span,
                    help: near.map { "did you mean `\($0)`?" } ?? "list it in runner.yml: `env: [\(entry.name)]`"
                )
            }
            result[entry.name] = value(entry.value).text
        }
        return result
    }

    /// `connections:`, values of their fields and of what acquire brings.
    func connections(_ node: Node?) -> [String: ValueMap] {
        var result: [String: ValueMap] = [:]
        for entry in entries(node, "connections") {
            guard let connection = connections[entry.name] else {
                report(entry, "the recipe uses no connection `\(entry.name)`", among: connections.keys.sorted())
                continue
            }
            // What sign-in brings may have any name; without it there are only the fields.
            let fields = connection.forTest(ValueMap()).connector.fields.map(\.name)
            var values = ValueMap()
            for member in entries(entry.value, entry.name) {
                if !connection.connector.authorization.isRenewable, !fields.contains(member.name) {
                    report(member, "the connection `\(entry.name)` has no field `\(member.name)`", among: fields)
                }
                values[member.name] = value(member.value)
            }
            result[entry.name] = values
        }
        return result
    }

    /// `programs:`, by the path of the action: one result, or a list of them for one time after the other.
    func programs(_ node: Node?) -> [String: [CannedProgram]] {
        var result: [String: [CannedProgram]] = [:]
        let paths = recipe.allActions.filter { if case .run = $0.verb { true } else { false } }.map(\.path)
        for entry in entries(node, "programs") {
            if !paths.contains(entry.name), !entry.name.contains("/") {
                report(entry, "the recipe has no action `\(entry.name)` that runs a program", among: paths)
            }
            let items: [Node] = if case .sequence(let items) = entry.value.content { items } else { [entry.value] }
            result[entry.name] = items.compactMap(program)
        }
        return result
    }

    private func program(_ node: Node) -> CannedProgram? {
        guard var reader = MappingReader(node, as: "what a program leaves", into: file.diagnostics) else { return nil }
        var program = CannedProgram()
        program.exitCode = reader.int("exit_code", in: 0...255)?.value ?? 0
        program.output = reader.take("stdout").map { value($0).text } ?? ""
        program.errors = reader.take("stderr").map { value($0).text } ?? ""
        reader.finish()
        return program
    }

    private func entries(_ node: Node?, _ key: String) -> [Entry] {
        guard let node else { return [] }
        if case .mapping(let entries) = node.content { return entries }
        file.diagnostics.report(
            "type.mapping",
            "`\(key)` must be a mapping of names to values",
            at: node.span,
            help: "write one `name: value` per line below it"
        )
        return []
    }

    private func report(_ entry: Entry, _ message: String, among known: [String]) {
        let near = Suggestion.nearest(to: entry.name, among: known)
        let list = known.map { "`\($0)`" }.joined(separator: ", ")
        file.diagnostics.report(
            "test.unknown-name",
            message,
            at: entry.key.span,
            help: near.map { "did you mean `\($0)`?" } ?? (known.isEmpty ? nil : "there is \(list)")
        )
    }
}
