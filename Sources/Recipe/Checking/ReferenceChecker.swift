import CEL
import YAML

/// Reports variables and members that do not exist, with the name that was probably meant.
struct ReferenceChecker {
    let file: FileReader

    /// Reports what is wrong with an expression, and tells the type of its value.
    @discardableResult
    func check(_ expression: Expression?, _ names: Names) -> Type {
        guard let expression else { return .dyn }
        let (type, issues) = Environment.recipes.checked(expression.program, declarations: names.declarations)
        // `hash.sha25(x)` is a function that does not exist, and not a variable `hash`.
        let functions = Set(issues.filter { $0.kind == .undeclaredFunction }.map(\.range.lowerBound))
        for reference in expression.program.references where !functions.contains(reference.range.lowerBound) {
            check(reference, of: expression, names)
        }
        for issue in issues {
            switch issue.kind {
            // Names are reported above, with what they mean here.
            case .undeclared: continue
            case .missingField, .undeclaredFunction, .noMatchingOverload, .invalid:
                report(issue.message, issue.range, of: expression, help: issue.help)
            }
        }
        return type
    }

    /// An expression that must give true or false.
    func check(condition: Expression?, of what: String, _ names: Names) {
        let type = check(condition, names)
        guard let condition, type != .bool, type != .dyn else { return }
        let mend: String
        switch type {
        case .string: mend = "compare it, for example with `!= ''`"
        case .int, .uint, .double: mend = "compare it, for example with `> 0`"
        case .list, .map, .record: mend = "ask for example `size(…) > 0`"
        case .optional: mend = "ask `.hasValue()`, or write `.orValue(false)`"
        default: mend = "write a comparison"
        }
        report("`\(what)` needs true or false, and this is of type \(type)", condition.whole, of: condition, help: mend)
    }

    /// An expression that must tell one item from another.
    func check(key: Expression, _ names: Names) {
        let type = check(key, names)
        switch type {
        case .null, .map, .record:
            let mend = "write what makes an item the same as another one, for example `item.id`"
            report("`key` needs text or a number, and this is of type \(type)", key.whole, of: key, help: mend)
        default: break
        }
    }

    /// An expression that must give a list; tells the type of its elements.
    func check(list: Expression, of what: String, _ names: Names) -> Type {
        let type = check(list, names)
        switch type {
        case .list(let element): return element
        case .dyn: return .dyn
        case .map, .record:
            let mend = "write `.keys()` or `.values()` behind it"
            report("`\(what)` needs a list, and this is a map", list.whole, of: list, help: mend)
        default:
            let mend =
                type == .int ? "write `lists.range(n)` for the numbers from 0" : "write a list, for example `[1, 2]`"
            report("`\(what)` needs a list, and this is of type \(type)", list.whole, of: list, help: mend)
        }
        return .dyn
    }

    private func report(_ message: String, _ range: Range<Int>, of expression: Expression, help: String?) {
        file.diagnostics.report("expression.type", message, at: expression.span(of: range), help: help)
    }

    func check(_ template: Template?, _ names: Names) {
        for expression in template?.expressions ?? [] { check(expression, names) }
    }

    func check(_ template: ValueTemplate?, _ names: Names) {
        for expression in template?.expressions ?? [] { check(expression, names) }
    }

    /// Reports what is wrong with the value of a variable, and tells what is known of it.
    func shape(of template: ValueTemplate, _ names: Names) -> Names.Shape {
        guard case .template(let text) = template else {
            check(template, names)
            if case .literal(let value) = template { return .typed(Type(of: value)) }
            return .open
        }
        guard text.isAlone, let expression = text.expressions.first else {
            check(template, names)
            return .typed(.string)
        }
        let type = check(expression, names)
        // What a null or an optional becomes is not known here.
        switch type {
        case .null, .optional, .dyn: return .open
        default: return .typed(type)
        }
    }

    func check(_ templates: [(key: String, value: ValueTemplate)], _ names: Names) {
        for template in templates { check(template.value, names) }
    }

    /// All that a request evaluates before it is sent, and what it asks of the response.
    func check(_ request: HTTPAction, _ names: Names) {
        let answered = names.with("response", Names.response)
        check(request.url, names)
        check(request.query, names)
        check(request.headers, names)
        for expression in request.body.expressions { check(expression, names) }
        check(request.saveTo, names)
        if case .condition(let condition) = request.expect { check(condition: condition, of: "expect", answered) }
        for (_, body) in request.onStatus { check(body, answered) }
        if let pagination = request.pagination {
            for expression in pagination.pageExpressions where expression !== pagination.last {
                check(expression, answered)
            }
            check(condition: pagination.last, of: "last", answered)
        }
        if case .template(let template) = request.idempotencyKey { check(template, names) }
    }

    /// All that is evaluated before a program is started.
    func check(_ program: ProgramAction, _ names: Names) {
        switch program.command {
        case .arguments(let words): check(words, names)
        case .shell(let text): check(text, names)
        }
        check(program.input, names)
        check(program.environment, names)
        check(program.directory, names)
    }

    private func check(_ reference: Reference, of expression: Expression, _ names: Names) {
        guard let root = reference.path.first else { return }
        guard var shape = names.variables[root] else {
            let near = Suggestion.nearest(to: root, among: names.variables.keys.sorted())
            report(
                "expression.unknown-variable",
                unknownVariable(root),
                at: reference.ranges[0],
                of: expression,
                near: near,
                all: names.variables.keys.sorted(),
                foreign: Self.mend(ofVariable: root, names, near: near)
            )
            return
        }
        var parent = root
        for (index, member) in reference.path.enumerated().dropFirst() {
            guard let members = shape.members else { return }
            // Asking whether something is there is no mistake.
            if let optional = reference.optionalFrom, index >= optional { return }
            if reference.isTest, index == reference.path.count - 1 { return }
            guard let next = members[member] else {
                if root == "connection", index == 1, names.secrets.contains(member) {
                    reportSecret(member, at: reference.ranges[index], of: expression)
                    return
                }
                report(
                    "expression.unknown-member",
                    unknownMember(member, of: parent),
                    at: reference.ranges[index],
                    of: expression,
                    near: Suggestion.nearest(to: member, among: members.keys.sorted()),
                    all: members.keys.sorted()
                )
                return
            }
            shape = next
            parent += "." + member
        }
    }

    private func reportSecret(_ field: String, at range: Range<Int>, of expression: Expression) {
        file.diagnostics.report(
            "expression.secret",
            "`\(field)` is a secret, and recipes cannot read secrets",
            at: expression.span(of: range),
            help: "use it in the connector, whose `apply` adds it to each request"
        )
    }

    /// What stands here for a variable that other tools have; nil for a name that none of them has.
    private static func mend(ofVariable name: String, _ names: Names, near: String?) -> String? {
        switch name {
        case "None", "nil", "undefined", "NULL", "Null", "none": "write `null`"
        case "True", "TRUE", "yes": "write `true`"
        case "False", "FALSE", "no": "write `false`"
        case "steps", "step", "results", "result", "outputs", "tasks", "jobs", "needs", "nodes":
            names.variables["actions"].map { _ in "the result of an action with `id: ID` is `actions.ID`" }
        case "secrets", "secret", "credentials":
            "secrets are given to connections, whose connectors use them; recipes cannot read them"
        case "params", "parameters", "args", "arguments": names.variables["inputs"].map { _ in "write `inputs`" }
        case "body", "data", "status", "headers": names.variables["response"].map { _ in "write `response.\(name)`" }
        case "now", "uuid": "call it: `\(name)()`"
        case _ where VariableName.all.contains(name): nil
        case _ where names.variables["actions"]?.members?[name] != nil:
            "the result of that action is `actions.\(name)`"
        case _ where names.variables["inputs"]?.members?[name] != nil: "the input is `inputs.\(name)`"
        case _ where names.variables["vars"]?.members?[name] != nil: "the variable is `vars.\(name)`"
        default:
            near != nil
                ? nil : names.variables["item"].map { _ in "write `item`, or name the items with `as: \(name)`" }
        }
    }

    /// What to write where there is no member at all yet.
    private static func mend(ofFirst message: String) -> String? {
        if message.hasPrefix("there is no earlier action") {
            return "give the action that is meant an `id`; it must come before"
        }
        if message.hasSuffix("among the vars") {
            return "give it a value in the recipe's `vars:`, or in a `set` before"
        }
        return message.hasPrefix("the recipe has no input")
            ? "say in the recipe's `inputs:` that it takes it, for example `{ type: string }`" : nil
    }

    private func unknownVariable(_ name: String) -> String {
        VariableName.all.contains(name)
            ? "`\(name)` has no meaning at this place" : "there is no variable `\(name)`"
    }

    private func unknownMember(_ name: String, of parent: String) -> String {
        switch parent {
        case "actions": "there is no earlier action `\(name)`"
        case "inputs": "the recipe has no input `\(name)`"
        case "vars": "there is no `\(name)` among the vars"
        case "env": "the environment variable `\(name)` may not be read"
        case "connection": "`connection` has no field `\(name)` here"
        default: "`\(parent)` has no `\(name)`"
        }
    }

    private func report(
        _ code: String,
        _ message: String,
        at range: Range<Int>,
        of expression: Expression,
        near: String?,
        all: [String],
        foreign: String? = nil
    ) {
        let help: String? =
            if let foreign {
                foreign
            } else if code == "expression.unknown-member", message.hasPrefix("the environment") {
                "list it in `runner.yml` under `env:`"
            } else if let near {
                "`\(near)` was probably meant"
            } else if all.isEmpty {
                Self.mend(ofFirst: message)
            } else {
                "there is \(all.prefix(12).map { "`\($0)`" }.joined(separator: ", "))"
            }
        file.diagnostics.report(code, message, at: expression.span(of: range), help: help)
    }
}
