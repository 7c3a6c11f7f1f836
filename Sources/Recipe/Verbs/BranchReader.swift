import YAML

/// Reads the verbs that hold several lists of actions: `parallel` and `switch`.
extension ActionReader {
    /// The branches of `parallel`; each has its number in the paths of its actions.
    func branches(_ node: Node, path: String) -> [[Action]] {
        guard case .sequence(let items) = node.content, !items.isEmpty else {
            file.diagnostics.report(
                "parallel.branches",
                "`parallel` is a list of branches, each of them a list of actions",
                at: node.span,
                help: "begin each branch with `- - `, for example `- - get: /path`"
            )
            return []
        }
        return items.enumerated().map { number, item in
            guard case .sequence = item.content else {
                file.diagnostics.report(
                    "parallel.branch",
                    "a branch of `parallel` is a list of actions, and this is \(item.isMapping ? "one action" : "none")",
                    at: item.span,
                    help: "begin each branch with `- - `, for example `- - get: /path`"
                )
                return []
            }
            return actions(item, as: "a branch of `parallel`", prefix: "\(path)/\(number)/")
        }
    }

    /// The cases of `switch`, and its `else`.
    func choice(_ node: Node, _ reader: inout MappingReader, path: String) -> Choice {
        let otherwise = actions(reader.take("else"), as: "`else`", prefix: "\(path)/else/")
        guard case .sequence(let items) = node.content, !items.isEmpty else {
            file.diagnostics.report(
                "switch.cases",
                "`switch` is a list of cases",
                at: node.span,
                help: "write `- when: ${{ … }}` and `do:` with actions below it"
            )
            return Choice(cases: [], otherwise: otherwise)
        }
        let cases = items.enumerated().compactMap { number, item -> Choice.Case? in
            guard var reader = MappingReader(item, as: "a case of `switch`", into: file.diagnostics) else { return nil }
            let when = reader.require("when", help: "add `when: ${{ … }}`; what is done otherwise belongs to `else:`")
            let done = reader.require("do", help: "add `do:` with a list of actions")
            reader.finish(foreign: ForeignKeys.ofCase)
            let inner = actions(done, as: "`do`", prefix: "\(path)/\(number)/")
            guard let condition = when.flatMap({ file.expression($0, as: "`when`") }) else { return nil }
            return Choice.Case(condition: condition, actions: inner)
        }
        return Choice(cases: cases, otherwise: otherwise)
    }
}

extension Node {
    fileprivate var isMapping: Bool { if case .mapping = content { true } else { false } }
}
