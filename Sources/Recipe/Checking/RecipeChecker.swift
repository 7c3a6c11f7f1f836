import CEL
import YAML

/// Walks through a recipe in the order of execution and checks what its expressions refer to.
struct RecipeChecker {
    let file: FileReader
    let catalogue: Catalogue
    private let references: ReferenceChecker

    init(file: FileReader, catalogue: Catalogue) {
        self.file = file
        self.catalogue = catalogue
        references = ReferenceChecker(file: file)
    }

    func check(_ recipe: Recipe) {
        var names = Names(variables: [
            "recipe": Names.recipe,
            "run": Names.run,
            "inputs": Names.members(recipe.inputs.map(\.name)),
            "vars": .members([:]),
            "state": .open,
            "env": Names.members(file.settings.environmentNames),
            "actions": .members([:]),
        ])
        for variable in recipe.vars {
            references.check(variable.value, withConnection(names, recipe.connection))
            names.add(variable.key, to: "vars")
        }
        check(recipe.actions, recipe, &names)
        references.check(recipe.state, names)
        references.check(recipe.output, names)
        var after = names
        check(recipe.onSuccess, recipe, &after)
        var failed = names.with("error", Names.error)
        check(recipe.onFailure, recipe, &failed)
        var last = names.with("error")
        check(recipe.finally, recipe, &last)
    }

    private func check(_ actions: [Action], _ recipe: Recipe, _ names: inout Names) {
        for action in actions { check(action, recipe, &names) }
    }

    private func check(_ action: Action, _ recipe: Recipe, _ names: inout Names) {
        let connection = action.connection ?? recipe.connection
        var inner = withConnection(names, connection)
        references.check(action.condition, inner)
        if let forEach = action.forEach {
            references.check(forEach.list, inner)
            inner = inner.with("item").with("index")
            if let name = forEach.name { inner = inner.with(name) }
        }
        checkVerb(action, recipe, &inner, outer: &names)
        if let condition = action.retry?.condition {
            references.check(condition, inner.with("error", Names.error).with("response", Names.response))
        }
        var output = inner
        if case .http = action.verb { output = output.with("response", Names.response) }
        references.check(action.output, output)
        if case .handle(let handlers) = action.onError {
            var handling = inner.with("error", Names.error)
            check(handlers, recipe, &handling)
            if action.forEach == nil { names.variables["vars"] = handling.variables["vars"] }
        }
        if let id = action.id { names.add(id, to: "actions", shape(of: action)) }
    }

    private func checkVerb(_ action: Action, _ recipe: Recipe, _ inner: inout Names, outer: inout Names) {
        switch action.verb {
        case .http(let request):
            references.check(request, inner)
            if action.connection == nil, recipe.connection == nil { checkAbsolute(request, action) }
        case .log(let log): references.check(log.message, inner)
        case .set(let variables):
            for variable in variables {
                references.check(variable.value, inner)
                inner.add(variable.key, to: "vars")
                if action.forEach == nil { outer.add(variable.key, to: "vars") }
            }
        case .wait(let template), .fail(let template), .stop(let template): references.check(template, inner)
        case .block(let actions):
            var nested = inner
            check(actions, recipe, &nested)
            // Results stay inside, vars come out (DESIGN section 10).
            inner.variables["vars"] = nested.variables["vars"]
            if action.forEach == nil { outer.variables["vars"] = nested.variables["vars"] }
        }
    }

    /// Without a connection there is no `base_uri` that a path could be joined to.
    private func checkAbsolute(_ request: HTTPAction, _ action: Action) {
        guard let url = request.url.constant, !url.hasPrefix("http://"), !url.hasPrefix("https://") else { return }
        let mark = action.place.mark
        file.diagnostics.report(
            "http.no-connection",
            "`\(url)` is a path, and the action has no connection to join it to",
            at: Span(start: mark, end: mark),
            help: "add `connection: NAME`, or write the whole URL"
        )
    }

    /// What later expressions can read of the action's result.
    private func shape(of action: Action) -> Names.Shape {
        guard action.output == nil, action.forEach == nil, case .fail = action.onError else { return .open }
        guard case .http(let request) = action.verb else { return .open }
        return request.pagination == nil ? Names.httpResult : Names.pagedResult
    }

    /// In recipes `connection` has the fields that are not secret (promise P3).
    private func withConnection(_ names: Names, _ reference: ConnectionReference?) -> Names {
        guard let reference else { return names }
        guard let connection = connection(reference) else { return names.with("connection") }
        let fields = connection.connector.fields.filter { !$0.isSecret }.map(\.name)
        return names.with("connection", Names.members(fields + connection.connector.publicKeys))
    }

    /// The connection behind a reference; nil when it is broken, which has been reported.
    private func connection(_ reference: ConnectionReference) -> Connection? {
        switch reference {
        case .named(let name, _): catalogue.connection(name)
        case .inline(let connection): connection
        }
    }
}
