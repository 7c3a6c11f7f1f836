import CEL
import Schedule
import YAML

/// Reads a `*.test.yml` file: one test, or several under `tests:` with what they share beside it.
struct TestFileReader {
    let file: FileReader
    /// The recipe that is tested.
    let recipe: Recipe
    /// The connections that the recipe names.
    let connections: [String: Connection]
    /// Reads a file beside the test.
    let read: (String) -> [UInt8]?

    /// The recipe's path as the test says it, with the place; nil where it says none.
    static func recipePath(_ node: Node?, _ diagnostics: Diagnostics) -> Located<String>? {
        guard let node, case .mapping = node.content,
            var reader = MappingReader(node, as: "a test", into: Diagnostics(diagnostics.source))
        else { return nil }
        return reader.string("recipe")
    }

    func tests(_ node: Node?) -> [RecipeTest] {
        guard let node else {
            file.diagnostics.report(
                "test.empty",
                "the file is empty",
                at: Span(Mark(line: 1, column: 1)),
                help: "write what servers answer under `responses:`, and what must come of it under `expect:`"
            )
            return []
        }
        guard var reader = MappingReader(node, as: "a test file", into: file.diagnostics) else { return [] }
        reader.known("recipe")
        var shared = RecipeTest(name: recipe.name, place: file.place(of: node))
        readGiven(&reader, into: &shared)
        guard let list = reader.list("tests") else {
            let name = reader.string("name")?.value
            var test = RecipeTest(name: name ?? recipe.name, place: shared.place)
            test.take(shared)
            test.layout = layout(reader)
            test.expectation = expectation(reader.takeNonNull("expect"))
            reader.finish()
            return [test]
        }
        reader.finish()
        for index in shared.responses.indices { shared.responses[index].isShared = true }
        if list.isEmpty {
            file.diagnostics.report("test.empty", "there is no test in `tests`", at: node.span)
        }
        var seen: Set<String> = []
        return list.compactMap { item in
            guard let test = test(item, shared) else { return nil }
            if !seen.insert(test.name).inserted {
                file.diagnostics.report(
                    "test.duplicate-name",
                    "another test is already called `\(test.name)`",
                    at: item.span,
                    help: "choose another name"
                )
            }
            return test
        }
    }

    private func test(_ node: Node, _ shared: RecipeTest) -> RecipeTest? {
        guard var reader = MappingReader(node, as: "a test", into: file.diagnostics) else { return nil }
        guard reader.require("name", help: "say what it shows, for example `name: skips what is closed`") != nil else {
            return nil
        }
        var test = RecipeTest(name: reader.string("name")?.value ?? "", place: file.place(of: node))
        test.take(shared)
        test.layout = layout(reader)
        readGiven(&reader, into: &test)
        test.expectation = expectation(reader.takeNonNull("expect"))
        reader.finish()
        return test
    }

    private func layout(_ reader: MappingReader) -> RecipeTest.Layout? {
        guard let first = reader.entries.first, reader.span.start == first.key.span.start else { return nil }
        let responses = reader.entries.first { $0.name == "responses" }
        return RecipeTest.Layout(
            column: first.key.span.start.column,
            first: first.key.span.start.line,
            responses: responses?.key.span.start.line
        )
    }

    // MARK: What a test gives

    private func readGiven(_ reader: inout MappingReader, into test: inout RecipeTest) {
        if let moment = moment(reader.string("now")) { test.now = moment }
        if let located = reader.string("scheduled_at"), let moment = moment(located) {
            test.scheduledAt = moment
            if recipe.triggers.isEmpty {
                file.diagnostics.report(
                    "test.no-trigger",
                    "the recipe has no trigger that could have fired then",
                    at: located.span,
                    help: "write `now` for the moment at which the run begins"
                )
            }
        }
        if let moment = moment(reader.string("last_success_at")) { test.lastSuccessAt = moment }
        let others = GivenValueReader(file: file, recipe: recipe, connections: connections)
        test.inputs.merge(others.inputs(reader.takeNonNull("inputs"))) { _, own in own }
        test.environment.merge(others.environment(reader.takeNonNull("env"))) { _, own in own }
        for (name, values) in others.connections(reader.takeNonNull("connections")) {
            for entry in values { test.connections[name, default: ValueMap()][entry.key] = entry.value }
        }
        if let state = reader.take("state") { test.state = others.value(state) }
        test.programs.merge(others.programs(reader.takeNonNull("programs"))) { _, own in own }
        let responses = CannedResponseReader(file: file, read: read)
        // Its own come first, so that it can say otherwise than what is shared.
        test.responses = (reader.list("responses") ?? []).compactMap(responses.response) + test.responses
    }

    private func moment(_ located: Located<String>?) -> Instant? {
        guard let located else { return nil }
        if let moment = Instant(rfc3339: located.value) { return moment }
        file.diagnostics.report(
            "test.moment",
            "`\(located.value)` is no moment",
            at: located.span,
            help: "write it with its offset, for example 2026-03-02T08:00:00Z"
        )
        return nil
    }

    // MARK: What it expects

    private func expectation(_ node: Node?) -> TestExpectation {
        var expectation = TestExpectation()
        guard let node, var reader = MappingReader(node, as: "`expect`", into: file.diagnostics) else {
            return expectation
        }
        let values = ExpectedValueReader(file: file)
        if let status = reader.choice("status", TestExpectation.Status.self) {
            expectation.status = .init(status.value, file.place(of: status.span))
        }
        if let output = reader.take("output") {
            expectation.output = .init(values.value(output), file.place(of: output))
        }
        if let error = reader.takeNonNull("error") {
            let keys = ["action", "kind", "message", "status", "attempt"]
            if case .mapping = error.content, var members = MappingReader(error, as: "`error`", into: file.diagnostics)
            {
                members.known(keys)
                members.finish()
            }
            expectation.error = .init(values.value(error), file.place(of: error))
        }
        if let state = reader.take("state") { expectation.state = .init(values.value(state), file.place(of: state)) }
        if let logs = reader.list("logs") {
            expectation.logs = .init(logs.map(values.value), logs.first.map(file.place(of:)) ?? file.place(of: node))
        }
        if let entry = reader.entries.first(where: { $0.name == "requests" }), let requests = reader.list("requests") {
            let list = requests.compactMap(values.request)
            for (request, item) in zip(list, requests) { checkAction(request, item) }
            expectation.requests = .init(list, file.place(of: entry.key))
        }
        expectation.order = reader.choice("order", TestExpectation.Order.self)?.value ?? .strict
        if let checks = reader.takeNonNull("check") {
            let nodes: [Node] = if case .sequence(let items) = checks.content { items } else { [checks] }
            expectation.checks = nodes.compactMap { file.expression($0, as: "`check`") }
            let names = VariableCheck(file: file, variables: TestExpectation.variables)
            for check in expectation.checks { names.check(check) }
        }
        reader.finish()
        return expectation
    }

    private func checkAction(_ request: ExpectedRequest, _ node: Node) {
        guard let action = request.action, case .mapping(let entries) = node.content,
            let entry = entries.first(where: { $0.name == "action" })
        else { return }
        let paths = recipe.allActions.map(\.path)
        // What a called recipe sends has a longer path.
        guard !paths.contains(action), !action.contains("/") else { return }
        let near = Suggestion.nearest(to: action, among: paths)
        file.diagnostics.report(
            "test.unknown-action",
            "the recipe has no action `\(action)`",
            at: entry.value.span,
            help: near.map { "`\($0)` was probably meant" }
                ?? "its actions are \(paths.map { "`\($0)`" }.joined(separator: ", "))"
        )
    }
}

extension RecipeTest {
    /// Takes over what the tests of a file share.
    fileprivate mutating func take(_ shared: RecipeTest) {
        now = shared.now
        scheduledAt = shared.scheduledAt
        lastSuccessAt = shared.lastSuccessAt
        inputs = shared.inputs
        environment = shared.environment
        connections = shared.connections
        state = shared.state
        responses = shared.responses
        programs = shared.programs
    }
}

extension Recipe {
    /// Every action, those inside others too.
    var allActions: [Action] {
        (actions + onSuccess + onFailure + finally).flatMap(\.withInner)
    }
}

extension Action {
    fileprivate var withInner: [Action] {
        var inner = verb.branches.joined().flatMap(\.withInner)
        if case .handle(let actions) = onError { inner += actions.flatMap(\.withInner) }
        return [self] + inner
    }
}

/// Reports variables that an expression of a test cannot see.
struct VariableCheck {
    let file: FileReader
    let variables: [String]

    func check(_ expression: Expression) {
        for name in Set(expression.program.references.compactMap(\.path.first)).sorted()
        where !variables.contains(name) {
            let near = Suggestion.nearest(to: name, among: variables)
            let list = variables.map { "`\($0)`" }.joined(separator: ", ")
            file.diagnostics.report(
                "test.unknown-variable",
                "there is no variable `\(name)` here",
                at: expression.span(of: expression.whole),
                help: near.map { "`\($0)` was probably meant" }
                    ?? "there \(variables.count == 1 ? "is" : "are") \(list)"
            )
        }
    }
}
