import CEL
import YAML

/// Reads the verbs `run` and `shell`.
struct ProgramReader {
    let file: FileReader

    /// `run: [program, argument, …]`.
    func program(_ node: Node, _ reader: inout MappingReader) -> ProgramAction? {
        guard case .sequence(let items) = node.content, let first = items.first else {
            let isText = node.scalar.map { !$0.text.isEmpty } ?? false
            file.diagnostics.report(
                "run.arguments",
                "`run` is a list: the program and its arguments",
                at: node.span,
                help: isText
                    ? "write each word as an item of a list, or `shell:` in place of `run:`"
                    : "write for example `run: [ls, -l]`"
            )
            return rest(&reader, of: nil)
        }
        for item in items where item.scalar == nil {
            file.diagnostics.report(
                "run.argument",
                "an argument must be text",
                at: item.span,
                help: "write it as text, or give it as JSON: `${{ json.format(…) }}`"
            )
        }
        if first.scalar?.text.isEmpty == true {
            file.diagnostics.report("run.program", "the program has no name", at: first.span)
        }
        return rest(&reader, of: .arguments(file.valueTemplate(node)))
    }

    /// `shell: TEXT`.
    func shell(_ node: Node, _ reader: inout MappingReader) -> ProgramAction? {
        let text = file.template(node, as: "`shell`")
        if let expression = text?.expressions.first {
            file.diagnostics.report(
                .warning,
                "shell.expression",
                "the value becomes a part of the shell's program, and may hold commands",
                at: expression.span(of: expression.whole),
                help: "give it in `env: { NAME: … }`, and write `\"$NAME\"` here"
            )
        }
        return rest(&reader, of: text.map(ProgramAction.Command.shell))
    }

    private func rest(_ reader: inout MappingReader, of command: ProgramAction.Command?) -> ProgramAction? {
        let input = reader.takeNonNull("stdin").map(file.valueTemplate)
        let environment = file.namedTemplates(reader.takeNonNull("env"), as: "`env`")
        let directory = reader.takeNonNull("cwd").flatMap { file.template($0, as: "`cwd`") }
        let expectation = reader.takeNonNull("expect").flatMap(expectation)
        let maxBytes = file.byteSize(reader.take("max_bytes"), as: "`max_bytes`")
        let isIdempotent = reader.bool("idempotent")?.value ?? false
        checkNames(reader)
        guard let command else { return nil }
        var action = ProgramAction(command: command)
        action.input = input
        action.environment = environment
        action.directory = directory
        if let expectation { action.expect = expectation }
        if let maxBytes { action.maxBytes = maxBytes }
        action.isIdempotent = isIdempotent
        return action
    }

    private func expectation(_ node: Node) -> ProgramAction.Expectation? {
        switch node.content {
        case .sequence(let items):
            return .codes(items.compactMap(codes))
        case .scalar(let scalar):
            if Self.codes(scalar.text) != nil { return codes(node).map { .codes([$0]) } }
            if case .int = scalar.value { return codes(node).map { .codes([$0]) } }
            return file.expression(node, as: "`expect`").map(ProgramAction.Expectation.condition)
        case .mapping:
            file.diagnostics.report(
                "run.expect",
                "`expect` is a list of exit codes or an expression",
                at: node.span,
                help: "write `expect: [0, 1]`"
            )
            return nil
        }
    }

    private func codes(_ node: Node) -> ClosedRange<Int>? {
        if let text = node.scalar?.text, let range = Self.codes(text) { return range }
        file.diagnostics.report(
            "run.exit-code",
            "this is no exit code",
            at: node.span,
            help: "write a number from 0 to 255, or a range such as `1-3`"
        )
        return nil
    }

    /// `3`, `1-3`.
    private static func codes(_ text: String) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
            0 <= first, first <= last, last <= 255
        else { return nil }
        return first...last
    }

    /// A variable's name holds no `=` (environ(7)).
    private func checkNames(_ reader: MappingReader) {
        guard case .mapping(let entries)? = reader.entries.first(where: { $0.name == "env" })?.value.content else {
            return
        }
        for entry in entries where entry.name.isEmpty || entry.name.contains("=") || entry.name.contains("\0") {
            file.diagnostics.report(
                "run.env",
                "`\(entry.name)` is no name of an environment variable",
                at: entry.key.span,
                help: "use letters, digits and `_`"
            )
        }
    }
}
