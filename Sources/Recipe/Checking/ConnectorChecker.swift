import CEL
import YAML

/// Checks what the expressions of a connector refer to.
struct ConnectorChecker {
    let file: FileReader
    private let references: ReferenceChecker

    init(file: FileReader) {
        self.file = file
        references = ReferenceChecker(file: file)
    }

    func check(_ connector: Connector) {
        // What acquire merges into the bag is not known before it ran, so `connection` is open where a token can be in it.
        let bag: Names.Shape =
            connector.authorization.acquire == nil ? Names.members(connector.fields.map(\.name)) : .open
        let names = Names(variables: [
            "connection": bag, "env": Names.members(file.settings.environmentNames),
        ])
        references.check(connector.baseURI, names)
        if let test = connector.test { references.check(test, names) }
        let authorization = connector.authorization
        check(authorization.acquire, names)
        check(authorization.refresh, names)
        if let apply = authorization.apply {
            for expression in apply.expressions { references.check(expression, names) }
        }
        references.check(authorization.identity, names)
        for name in connector.operations.keys.sorted() {
            guard let operation = connector.operations[name] else { continue }
            let inputs = Names.members(operation.inputs.map(\.name))
            // Operations are recipes' tools: they see no secret either.
            let visible = Names.members(connector.fields.filter { !$0.isSecret }.map(\.name))
            let scope = names.with("inputs", inputs).with("connection", visible)
            references.check(operation.request, scope)
            references.check(operation.output, scope.with("response", Names.response))
        }
    }

    private func check(_ exchange: Exchange?, _ names: Names) {
        var names = names.with("actions", .members([:]))
        for step in exchange?.steps ?? [] {
            references.check(step.request, names)
            references.check(step.output, names.with("response", Names.response))
            if let id = step.id { names.add(id, to: "actions") }
        }
    }
}
