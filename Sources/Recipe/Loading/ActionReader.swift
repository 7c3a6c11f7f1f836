import YAML

/// Reads a list of actions: the common keys, and one verb each.
struct ActionReader {
    let file: FileReader
    let catalogue: Catalogue
    /// The recipe's connection, which actions without one of their own send through.
    let connection: ConnectionReference?

    /// The actions of a list; `prefix` is the path of the action that holds it.
    func actions(_ node: Node?, as what: String, prefix: String = "") -> [Action] {
        guard let node else { return [] }
        guard case .sequence(let items) = node.content else {
            file.diagnostics.report(
                "type.list",
                "\(what) must be a list of actions",
                at: node.span,
                help: "begin each action with `- `, for example `- get: /path`"
            )
            return []
        }
        var seen: Set<String> = []
        return items.enumerated().compactMap { index, item in
            guard let action = action(item, index: index, prefix: prefix) else { return nil }
            if !seen.insert(action.path).inserted {
                file.diagnostics.report(
                    "action.duplicate-id",
                    "another action is already called `\(action.id ?? action.path)`",
                    at: item.span,
                    help: "ids are unique in a recipe: choose another"
                )
            }
            return action
        }
    }

    private func action(_ node: Node, index: Int, prefix: String) -> Action? {
        guard var reader = MappingReader(node, as: "an action", into: file.diagnostics, help: Self.mend(of: node))
        else { return nil }
        let id = file.identifier(reader.string("id"), as: "an action")
        let common = CommonKeys(reader: &reader, file: file, catalogue: catalogue)
        let present = VerbKey.allCases.filter { key in reader.entries.contains { $0.name == key.rawValue } }
        reader.known(VerbKey.names)
        guard let key = present.first, let value = reader.take(key.rawValue) else {
            reader.finish(foreign: ForeignKeys.ofAction)
            reportMissingVerb(reader, node)
            return nil
        }
        if present.count > 1, let second = reader.entries.first(where: { $0.name == present[1].rawValue }) {
            file.diagnostics.report(
                "action.two-verbs",
                "an action does one thing, and this one has `\(key.rawValue)` and `\(second.name)`",
                at: second.key.span,
                help: "make it two actions, each beginning with `- `"
            )
        }
        if key.isInstant, let entry = reader.entries.first(where: { $0.name == "retry" }) {
            file.diagnostics.report(
                "action.retry",
                "`\(key.rawValue)` sends and starts nothing, so there is nothing to try again",
                at: entry.key.span,
                help: "remove `retry`, or give it to a `do` around what belongs together"
            )
        }
        let path = prefix + (id ?? "\(key.rawValue)[\(index)]")
        let handler = common.handler.map { actions($0, as: "`on_error`", prefix: "\(path)/on_error/") }
        let sender = common.connection ?? connection
        let verb = verb(key, value, &reader, path: path, through: sender)
        reader.finish(foreign: key == .call ? ForeignKeys.ofCall : ForeignKeys.ofAction)
        guard let verb else { return nil }
        var action = Action(id: id, path: path, verb: verb, place: file.place(of: node))
        common.apply(to: &action)
        if let handler { action.onError = .handle(handler) }
        return action
    }

    /// The keys that say what an action does.
    private enum VerbKey: String, CaseIterable {
        case get, post, put, patch, delete, head
        case use
        case call
        case run, shell
        case log, set, wait, fail, stop
        case block = "do"
        case parallel
        case choose = "switch"

        static let names = allCases.map(\.rawValue)

        /// It does nothing outside the run that could fail once and go well later.
        var isInstant: Bool {
            switch self {
            case .log, .set, .wait, .fail, .stop: true
            case .get, .post, .put, .patch, .delete, .head, .use, .call, .run, .shell, .block, .parallel, .choose:
                false
            }
        }
    }

    private func verb(
        _ key: VerbKey,
        _ value: Node,
        _ reader: inout MappingReader,
        path: String,
        through connection: ConnectionReference?
    ) -> Verb? {
        switch key {
        case .get, .post, .put, .patch, .delete, .head:
            guard let method = HTTPMethod(rawValue: key.rawValue) else { return nil }
            let requests = HTTPActionReader(file: file) { actions($0, as: "`do`", prefix: "\(path)/") }
            return requests.action(method, url: value, &reader).map(Verb.http)
        case .use:
            return OperationCallReader(file: file, catalogue: catalogue).call(value, &reader, through: connection)
                .map(Verb.use)
        case .log:
            let level = reader.choice("level", LogAction.Level.self)?.value ?? .info
            return file.template(value, as: "`log`").map { .log(LogAction(message: $0, level: level)) }
        case .set:
            return .set(file.namedTemplates(value, as: "`set`"))
        case .wait:
            guard let template = file.template(value, as: "`wait`") else { return nil }
            if template.constant != nil, file.duration(value, as: "`wait`") == nil { return nil }
            return .wait(template)
        case .fail:
            if value.isNull, let entry = reader.entries.first(where: { $0.name == key.rawValue }) {
                file.diagnostics.report(
                    "yaml.empty-value",
                    "`fail` has no value; expected the reason",
                    at: entry.key.span,
                    help: "write for example `fail: the list is empty`"
                )
                return nil
            }
            return file.template(value, as: "`fail`").map(Verb.fail)
        case .stop:
            return file.template(value, as: "`stop`").map(Verb.stop)
        case .block:
            return .block(actions(value, as: "`do`", prefix: "\(path)/"))
        case .parallel:
            return .parallel(branches(value, path: path))
        case .choose:
            return .choose(choice(value, &reader, path: path))
        case .call:
            return RecipeCallReader(file: file).call(value, &reader).map(Verb.call)
        case .run:
            return ProgramReader(file: file).program(value, &reader).map(Verb.run)
        case .shell:
            return ProgramReader(file: file).shell(value, &reader).map(Verb.run)
        }
    }

    /// What to write for an action that is no mapping.
    private static func mend(of node: Node) -> String? {
        guard let text = node.scalar?.text.lowercased() else { return nil }
        if VerbKey.names.contains(text) { return "write what it does behind a colon: `\(text): …`" }
        return text.hasPrefix("curl ")
            ? "write `get: URL`, or another method; `shell:` takes a whole command"
            : "write what it does as a key, for example `get: URL`, `log: text` or `shell: command`"
    }

    private func reportMissingVerb(_ reader: MappingReader, _ node: Node) {
        let verbs = VerbKey.names
        // What was meant has been said.
        let isMeant = reader.entries.contains { entry in
            ForeignKeys.ofAction[entry.name] != nil || Suggestion.nearest(to: entry.name, among: verbs) != nil
        }
        guard !isMeant else { return }
        file.diagnostics.report(
            "action.no-verb",
            "this action does nothing",
            at: node.span,
            help: "give it one of \(verbs.map { "`\($0)`" }.joined(separator: ", "))"
        )
    }
}

/// The keys that every action may have.
private struct CommonKeys {
    private let name: String?
    private let condition: Expression?
    private let forEach: ForEach?
    let connection: ConnectionReference?
    private let timeout: Duration?
    private let retry: RetryPolicy?
    private let polling: Polling?
    private let output: ValueTemplate?
    private let proceeds: Bool
    /// The actions of `on_error:`, where it is a list.
    let handler: Node?

    init(reader: inout MappingReader, file: FileReader, catalogue: Catalogue) {
        name = reader.string("name")?.value
        condition = reader.take("if").flatMap { file.expression($0, as: "`if`") }
        forEach = Self.forEach(&reader, file)
        connection = ConnectionReferenceReader(file: file, catalogue: catalogue)
            .reference(reader.takeNonNull("connection"))
        timeout = file.duration(reader.take("timeout"), as: "`timeout`", min: .milliseconds(1))
        retry = RetryReader(file: file).policy(reader.take("retry"))
        polling = Self.polling(&reader, file)
        output = reader.take("output").map(file.valueTemplate)
        var proceeds = false
        var handler: Node?
        if let node = reader.take("on_error") {
            switch node.content {
            case .sequence: handler = node
            case .scalar(let scalar) where scalar.text == "continue": proceeds = true
            case .scalar(let scalar) where scalar.text == "fail": break
            default:
                file.diagnostics.report(
                    "value.choice",
                    "`on_error` is `fail`, `continue` or a list of actions",
                    at: node.span,
                    help: "write `on_error: continue`"
                )
            }
        }
        self.proceeds = proceeds
        self.handler = handler
    }

    func apply(to action: inout Action) {
        action.name = name
        action.condition = condition
        action.forEach = forEach
        action.connection = connection
        action.ownTimeout = timeout
        action.retry = retry
        action.polling = polling
        action.output = output
        if proceeds { action.onError = .proceed }
    }

    private static func forEach(_ reader: inout MappingReader, _ file: FileReader) -> ForEach? {
        let list = reader.take("foreach")
        let name = file.identifier(reader.string("as"), as: "an item")
        let concurrency = reader.int("concurrency", in: 1...1_000)
        let dedupe = reader.take("dedupe")
        guard let list else {
            for key in ["as", "concurrency", "dedupe"] {
                guard let entry = reader.entries.first(where: { $0.name == key }) else { continue }
                file.diagnostics.report(
                    "foreach.missing",
                    "`\(key)` belongs to `foreach`, which is missing",
                    at: entry.key.span,
                    help: "add `foreach: ${{ … }}` or remove `\(key)`"
                )
            }
            return nil
        }
        if name == "result", let entry = reader.entries.first(where: { $0.name == "as" }) {
            file.diagnostics.report(
                "name.reserved",
                "`result` is what `output` and `until` see of the action, and cannot be an item",
                at: entry.value.span,
                help: "choose another name, for example `item_result`"
            )
        }
        guard let expression = file.expression(list, as: "`foreach`", help: listAsExpression(list)) else { return nil }
        return ForEach(
            list: expression,
            name: name,
            concurrency: concurrency?.value ?? 1,
            dedupe: DedupeReader(file: file).dedupe(dedupe, itemName: name)
        )
    }

    /// A list of plain values as the expression that gives it.
    private static func listAsExpression(_ node: Node) -> String? {
        guard case .sequence(let items) = node.content else { return nil }
        var words: [String] = []
        for item in items.prefix(4) {
            guard case .scalar(let scalar) = item.content else { return "write for example `${{ [1, 2, 3] }}`" }
            if case .string(let text) = scalar.value { words.append("'\(text)'") } else { words.append(scalar.text) }
        }
        let shown = words.joined(separator: ", ") + (items.count > 4 ? ", …" : "")
        return "write it as an expression: `${{ [\(shown)] }}`"
    }

    private static func polling(_ reader: inout MappingReader, _ file: FileReader) -> Polling? {
        let until = reader.take("until")
        let every = file.duration(reader.take("every"), as: "`every`", min: .milliseconds(100))
        guard let until else {
            if let entry = reader.entries.first(where: { $0.name == "every" }) {
                file.diagnostics.report(
                    "until.missing",
                    "`every` belongs to `until`, which is missing",
                    at: entry.key.span,
                    help: "add `until: ${{ … }}` or remove `every`"
                )
            }
            return nil
        }
        return file.expression(until, as: "`until`").map {
            Polling(condition: $0, interval: every ?? Defaults.pollInterval)
        }
    }
}
