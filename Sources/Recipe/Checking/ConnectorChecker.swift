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
        guard let alternatives = connector.authorization.alternatives else {
            let names = names(of: connector)
            checkRest(of: connector, names)
            return check(connector.authorization, of: connector, names)
        }
        var union = connector
        for option in alternatives.options {
            union.fields += option.fields
            guard let chosen = connector.choosing(option.name) else { continue }
            check(option.authorization, of: chosen, names(of: chosen))
        }
        references.check(alternatives.selected, names(of: connector))
        checkRest(of: union, names(of: union).with("connection"))
    }

    /// What acquire merges into the bag is not known before it ran, so `connection` is open where a token can be in it.
    private func names(of connector: Connector) -> Names {
        let bag: Names.Shape =
            connector.authorization.isRenewable ? .open : Names.members(connector.fields.map(\.name))
        return Names(variables: ["connection": bag, "env": Names.members(file.settings.environmentNames)])
    }

    private func check(_ authorization: Authorization, of connector: Connector, _ names: Names) {
        let endpoints = Names.members(connector.fields.filter(\.isURL).map(\.name))
        let exchange = names.with("endpoints", endpoints)
        check(authorization.acquire, authorization.signIn == nil ? exchange : exchange.with("grant", Names.grant))
        check(authorization.refresh, exchange)
        check(authorization.revoke, exchange)
        if let apply = authorization.apply {
            let visible = names.with("request", Names.request)
            for expression in apply.expressions { references.check(expression, visible) }
        }
        switch authorization.signIn {
        case .browser(let browser):
            references.check(browser.url, names)
            references.check(browser.query, names)
            references.check(browser.redirectURI, names)
        case .device(let step): check(Exchange(steps: [step]), exchange)
        case nil: break
        }
        switch authorization.identity {
        case .text(let template): references.check(template, names)
        case .request(let step): check(Exchange(steps: [step]), names)
        case nil: break
        }
    }

    private func checkRest(of connector: Connector, _ names: Names) {
        references.check(connector.baseURI, names)
        references.check(connector.proxy, names)
        for expression in connector.tls?.expressions ?? [] { references.check(expression, names) }
        if let test = connector.test { references.check(test, names) }
        for name in connector.operations.keys.sorted() {
            guard let operation = connector.operations[name] else { continue }
            let inputs = Names.members(operation.inputs.map(\.name))
            // Operations are recipes' tools: they see no secret either.
            let visible = Names.members(connector.fields.filter { !$0.isSecret }.map(\.name) + connector.publicKeys)
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
