import CEL
import Schedule
import YAML

/// What every reader of a file shares: where problems go, and how scalars become values, templates and expressions.
struct FileReader {
    let diagnostics: Diagnostics
    let templates: TemplateParser
    let settings: WorkspaceSettings

    /// A reader; `programs` are those of the files that are read together.
    init(source: Source, settings: WorkspaceSettings, programs: ProgramPool = ProgramPool()) {
        diagnostics = Diagnostics(source)
        templates = TemplateParser(diagnostics: diagnostics, programs: programs)
        self.settings = settings
    }

    /// The place of a node.
    func place(of node: Node) -> Place { place(of: node.span) }

    /// The place of a span.
    func place(of span: Span) -> Place { Place(path: diagnostics.source.path, mark: span.start) }

    /// Reports a file in which nothing is, unless it could not be read at all; nil for whoever wanted something of it.
    func reportEmpty<Result>(_ code: String, help: String) -> Result? {
        if !diagnostics.hasErrors {
            diagnostics.report(code, "the file is empty", at: Span(Mark(line: 1, column: 1), length: 0), help: help)
        }
        return nil
    }

    // MARK: Templates and expressions

    /// A tree in which any text may be a template.
    func valueTemplate(_ node: Node) -> ValueTemplate {
        switch node.content {
        case .scalar(let scalar):
            guard case .string(let text) = scalar.value else { return .literal(Value(scalar.value)) }
            let template = templates.template(text, node: node)
            return template.constant.map { .literal(.string($0)) } ?? .template(template)
        case .sequence(let items):
            return .list(items.map(valueTemplate))
        case .mapping(let entries):
            return .map(entries.map { (key: $0.name, value: valueTemplate($0.value)) })
        }
    }

    /// A map of members: a mapping, or one expression that gives a map; reports anything else.
    func members(_ node: Node?, as what: String) -> ValueTemplate? {
        guard let node, !node.isNull else { return nil }
        switch node.content {
        case .mapping: return valueTemplate(node)
        case .scalar(let scalar):
            let template = templates.template(scalar.text, node: node)
            if template.isAlone { return .template(template) }
        case .sequence: break
        }
        diagnostics.report(
            "type.mapping",
            "\(what) must be a mapping of names to values",
            at: node.span,
            help: "write one `name: value` per line below it, or one expression that gives a map"
        )
        return nil
    }

    /// A mapping from names to trees; reports anything else.
    func namedTemplates(_ node: Node?, as what: String) -> [(key: String, value: ValueTemplate)] {
        guard let node else { return [] }
        guard case .mapping(let entries) = node.content else {
            diagnostics.report(
                "type.mapping",
                "\(what) must be a mapping of names to values",
                at: node.span,
                help: "write one `name: value` per line below it"
            )
            return []
        }
        return entries.map { (key: $0.name, value: valueTemplate($0.value)) }
    }

    /// Text with expressions; reports anything but a scalar.
    func template(_ node: Node, as what: String) -> Template? {
        guard case .scalar(let scalar) = node.content else {
            diagnostics.report(
                "type.text",
                "\(what) must be text",
                at: node.span,
                help: "write it on one line, in quotes"
            )
            return nil
        }
        return templates.template(scalar.text, node: node)
    }

    /// An expression, with or without `${{ }}` around it.
    ///
    /// - Parameter help: what to write in place of what is no text.
    func expression(_ node: Node, as what: String, help: String? = nil) -> Expression? {
        guard case .scalar(let scalar) = node.content else {
            diagnostics.report(
                "type.expression",
                "\(what) must be an expression",
                at: node.span,
                help: help ?? "write it as text, for example `${{ size(items) > 0 }}`"
            )
            return nil
        }
        return templates.bareExpression(scalar.text, node: node)
    }

    // MARK: Plain values

    /// A duration such as `90s` or `PT5M`.
    func duration(_ node: Node?, as what: String, min: Duration = .zero) -> Duration? {
        guard let node else { return nil }
        guard case .scalar(let scalar) = node.content else {
            diagnostics.report(
                "type.duration",
                "\(what) must be a duration",
                at: node.span,
                help: "write for example `90s`"
            )
            return nil
        }
        do {
            let duration = try DurationText.parse(scalar.text)
            if duration < min {
                diagnostics.report(
                    "value.duration",
                    "\(what) must be at least \(DurationText.format(min))",
                    at: node.span,
                    help: "write for example `\(DurationText.format(min == .zero ? .seconds(30) : min))`"
                )
                return nil
            }
            return duration
        } catch {
            diagnostics.report("value.duration", "\(what): \(error.message)", at: node.span, help: error.help)
            return nil
        }
    }

    /// A size such as `64KiB` or `10MB`, in bytes.
    func byteSize(_ node: Node?, as what: String) -> Int? {
        guard let node else { return nil }
        guard case .scalar(let scalar) = node.content else {
            diagnostics.report("type.size", "\(what) must be a size", at: node.span, help: "write for example `64KiB`")
            return nil
        }
        do {
            return try ByteSizeText.parse(scalar.text)
        } catch {
            diagnostics.report("value.size", "\(what): \(error.message)", at: node.span, help: error.help)
            return nil
        }
    }

    /// A list of texts.
    func strings(_ node: Node?, as what: String) -> [String]? {
        guard let node else { return nil }
        guard case .sequence(let items) = node.content else {
            diagnostics.report("type.list", "\(what) must be a list", at: node.span, help: "write `[first, second]`")
            return nil
        }
        return items.compactMap { item in
            guard case .scalar(let scalar) = item.content else {
                diagnostics.report("type.text", "an entry of \(what) must be text", at: item.span)
                return nil
            }
            return scalar.text
        }
    }

    /// An identifier as ids and `as` names must be.
    func identifier(_ located: Located<String>?, as what: String) -> String? {
        guard let located else { return nil }
        let name = located.value
        if !Identifier.isValid(name) {
            diagnostics.report(
                "name.invalid",
                "`\(name)` is no name for \(what)",
                at: located.span,
                help: "use letters, digits and `_`, and begin with a letter: `\(Identifier.mended(name))`"
            )
            return nil
        }
        if Identifier.reserved.contains(name) || VariableName.all.contains(name) {
            diagnostics.report(
                "name.reserved",
                "`\(name)` is a name of the language and cannot be \(what)",
                at: located.span,
                help: name == "item" && what == "an item"
                    ? "remove `as`: an item is called `item` anyway" : "choose another name, for example `\(name)_1`"
            )
            return nil
        }
        return name
    }
}

extension Value {
    /// A tree without expressions: defaults, choices, literal fields.
    init(plain node: Node) {
        switch node.content {
        case .scalar(let scalar): self = Value(scalar.value)
        case .sequence(let items): self = .list(items.map(Value.init(plain:)))
        case .mapping(let entries): self = .map(ValueMap(entries.map { ($0.name, Value(plain: $0.value)) }))
        }
    }

    /// A plain YAML value.
    init(_ core: CoreValue) {
        switch core {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        }
    }
}
