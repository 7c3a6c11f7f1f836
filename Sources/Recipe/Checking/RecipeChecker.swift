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
            "inputs": Names.inputs(recipe.inputs),
            "vars": .members([:]),
            "state": .open,
            "env": Names.members(file.settings.environmentNames),
            "actions": .members([:]),
        ])
        if recipe.name == Recipe.alertName { names.variables["alert"] = Names.alert }
        references.check(
            recipe.alarms.heartbeat,
            Names(variables: names.variables.filter { ["recipe", "env"].contains($0.key) })
        )
        let changed = Self.variablesSet(in: recipe.actions + recipe.onSuccess + recipe.onFailure + recipe.finally)
        for variable in recipe.vars {
            let shape = references.shape(of: variable.value, withConnection(names, recipe.connection))
            names.add(variable.key, to: "vars", changed.contains(variable.key) ? .open : shape)
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

    /// The variables that any action sets, which may then be of any type.
    private static func variablesSet(in actions: [Action]) -> Set<String> {
        var names: Set<String> = []
        for action in actions {
            if case .set(let variables) = action.verb { names.formUnion(variables.map(\.key)) }
            for branch in action.verb.branches { names.formUnion(variablesSet(in: branch)) }
            if case .handle(let handlers) = action.onError { names.formUnion(variablesSet(in: handlers)) }
        }
        return names
    }

    private func check(_ actions: [Action], _ recipe: Recipe, _ names: inout Names) {
        for action in actions { check(action, recipe, &names) }
    }

    private func check(_ action: Action, _ recipe: Recipe, _ names: inout Names) {
        let connection = action.connection ?? recipe.connection
        var inner = withConnection(names, connection)
        references.check(condition: action.condition, of: "if", inner)
        if let forEach = action.forEach {
            let item = Names.Shape.typed(references.check(list: forEach.list, of: "foreach", inner))
            inner = inner.with("item", item).with("index", .typed(.int))
            if let name = forEach.name { inner = inner.with(name, item) }
            if let dedupe = forEach.dedupe { references.check(key: dedupe.key, inner) }
        }
        checkVerb(action, recipe, &inner, outer: &names)
        if let condition = action.retry?.condition {
            let visible = inner.with("error", Names.error).with("response", Names.response)
            references.check(condition: condition, of: "while", visible)
        }
        var seen = inner.with("result", Self.result(of: action.verb))
        switch action.verb {
        case .http(let request) where request.pagination?.actions != nil: break
        case .http, .use: seen = seen.with("response", Names.response)
        case .log, .set, .wait, .fail, .stop, .block, .parallel, .choose, .call, .run: break
        }
        references.check(condition: action.polling?.condition, of: "until", seen)
        references.check(action.output, seen)
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
            guard let actions = request.pagination?.actions else { break }
            var nested = inner.with("page", Names.page)
            check(actions, recipe, &nested)
            inner.variables["vars"] = nested.variables["vars"]
            if action.forEach == nil { outer.variables["vars"] = nested.variables["vars"] }
        case .use(let call): references.check(call.arguments, inner)
        case .log(let log): references.check(log.message, inner)
        case .set(let variables):
            for variable in variables {
                references.check(variable.value, inner)
                inner.add(variable.key, to: "vars")
                if action.forEach == nil { outer.add(variable.key, to: "vars") }
            }
        case .wait(let template), .fail(let template), .stop(let template): references.check(template, inner)
        case .block, .parallel:
            check(action.verb.branches, of: action, recipe, &inner, outer: &outer)
        case .choose(let choice):
            for option in choice.cases { references.check(condition: option.condition, of: "when", inner) }
            check(action.verb.branches, of: action, recipe, &inner, outer: &outer)
        case .call(let call): references.check(call.inputs, inner)
        case .run(let program):
            if case .condition(let condition) = program.expect {
                references.check(condition: condition, of: "expect", inner.with("result", Names.programResult))
            }
            references.check(program, inner)
        }
    }

    /// Actions inside an action: results stay inside their branch, vars come out (DESIGN section 10).
    private func check(
        _ branches: [[Action]],
        of action: Action,
        _ recipe: Recipe,
        _ inner: inout Names,
        outer: inout Names
    ) {
        let before = inner
        for branch in branches {
            var nested = before
            check(branch, recipe, &nested)
            for (name, shape) in nested.variables["vars"]?.members ?? [:] {
                inner.add(name, to: "vars", shape)
                if action.forEach == nil { outer.add(name, to: "vars", shape) }
            }
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
        guard case .fail = action.onError else { return .open }
        let shape: Names.Shape
        switch action.verb {
        case _ where action.forEach != nil: shape = .typed(.list(.dyn))
        case _ where action.output != nil: return .open
        case let verb: shape = Self.result(of: verb)
        }
        // What is skipped is null.
        return action.condition == nil ? shape : .maybe(shape)
    }

    /// What is known of a verb's own result.
    private static func result(of verb: Verb) -> Names.Shape {
        switch verb {
        case .http(let request): Names.result(of: request)
        case .run: Names.programResult
        case .parallel: .typed(.list(.dyn))
        case .use, .log, .set, .wait, .fail, .stop, .block, .choose, .call: .open
        }
    }

    /// In recipes `connection` has the fields that are not secret (promise P3).
    private func withConnection(_ names: Names, _ reference: ConnectionReference?) -> Names {
        guard let reference else { return names }
        guard let connection = catalogue.connection(reference) else { return names.with("connection") }
        let fields = connection.connector.fields
        let visible = fields.filter { !$0.isSecret }.map(\.name) + connection.connector.publicKeys
        var names = names.with("connection", Names.members(visible))
        names.secrets = Set(fields.filter(\.isSecret).map(\.name))
        return names
    }
}
