import CEL
import YAML

/// Reports variables and members that do not exist, with the name that was probably meant.
struct ReferenceChecker {
    let file: FileReader

    func check(_ expression: Expression?, _ names: Names) {
        guard let expression else { return }
        for reference in expression.program.references { check(reference, of: expression, names) }
        for issue in Environment.recipes.check(expression.program, declarations: names.declarations) {
            switch issue.kind {
            // Names are reported above, with what they mean here.
            case .undeclared, .missingField: continue
            case .undeclaredFunction, .noMatchingOverload, .invalid:
                file.diagnostics.report(
                    "expression.type",
                    issue.message,
                    at: expression.span(of: issue.range),
                    help: issue.help
                )
            }
        }
    }

    func check(_ template: Template?, _ names: Names) {
        for expression in template?.expressions ?? [] { check(expression, names) }
    }

    func check(_ template: ValueTemplate?, _ names: Names) {
        for expression in template?.expressions ?? [] { check(expression, names) }
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
        switch request.body {
        case .none: break
        case .json(let value), .form(let value): check(value, names)
        case .text(let template): check(template, names)
        }
        if case .condition(let condition) = request.expect { check(condition, answered) }
        if let pagination = request.pagination {
            check(pagination.items, answered)
            check(pagination.next, answered)
        }
        if case .template(let template) = request.idempotencyKey { check(template, names) }
    }

    private func check(_ reference: Reference, of expression: Expression, _ names: Names) {
        guard let root = reference.path.first else { return }
        guard var shape = names.variables[root] else {
            report(
                "expression.unknown-variable",
                unknownVariable(root),
                at: reference.ranges[0],
                of: expression,
                near: Suggestion.nearest(to: root, among: names.variables.keys.sorted()),
                all: names.variables.keys.sorted()
            )
            return
        }
        var parent = root
        for (index, member) in reference.path.enumerated().dropFirst() {
            guard case .members(let members) = shape else { return }
            // Asking whether something is there is no mistake.
            if let optional = reference.optionalFrom, index >= optional { return }
            if reference.isTest, index == reference.path.count - 1 { return }
            guard let next = members[member] else {
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
        all: [String]
    ) {
        let help: String? =
            if code == "expression.unknown-member", message.hasPrefix("the environment") {
                "list it in `runner.yml` under `env:`"
            } else if let near {
                "`\(near)` was probably meant"
            } else if all.isEmpty {
                nil
            } else {
                "there is \(all.prefix(12).map { "`\($0)`" }.joined(separator: ", "))"
            }
        file.diagnostics.report(code, message, at: expression.span(of: range), help: help)
    }
}
