import CEL
import YAML

/// Checks what is given to an operation or to a recipe against the inputs that it takes: the names, and values that are no expressions.
struct GivenInputs {
    /// What stands behind the key.
    let node: Node?
    /// The key: `with` or `inputs`.
    let key: String
    /// Who takes them, such as ``the operation `list` ``.
    let owner: String
    /// The first part of the diagnostics' codes.
    let code: String

    func check(against definitions: [InputDefinition], at span: Span, into diagnostics: Diagnostics) {
        var entries: [Entry] = []
        switch node?.content {
        case .mapping(let mapping)?: entries = mapping
        // An expression that gives the whole map is checked when it has been evaluated.
        case .scalar?, .sequence?: return
        case nil: break
        }
        for entry in entries {
            guard let input = definitions.first(where: { $0.name == entry.name }) else {
                let names = definitions.map(\.name)
                let near = Suggestion.nearest(to: entry.name, among: names)
                diagnostics.report(
                    "\(code).unknown-input",
                    "\(owner) has no input `\(entry.name)`",
                    at: entry.key.span,
                    help: near.map { "`\($0)` was probably meant" }
                        ?? (names.isEmpty
                            ? "it takes none" : "it takes \(names.map { "`\($0)`" }.joined(separator: ", "))")
                )
                continue
            }
            guard !entry.value.holdsExpression else { continue }
            if let problem = input.problem(with: Value(plain: entry.value)) {
                diagnostics.report("\(code).input", "the input `\(entry.name)` \(problem)", at: entry.value.span)
            }
        }
        for input in definitions
        where input.defaultValue == nil && !input.isOptional && !entries.contains(where: { $0.name == input.name }) {
            diagnostics.report(
                "\(code).missing-input",
                "\(owner) needs `\(input.name)`",
                at: node?.span ?? span,
                help: "add `\(key): { \(input.name): … }`"
            )
        }
    }
}

extension Node {
    /// Whether an expression is somewhere in the tree.
    fileprivate var holdsExpression: Bool {
        switch content {
        case .scalar(let scalar): scalar.text.contains("${{")
        case .sequence(let items): items.contains(where: \.holdsExpression)
        case .mapping(let entries): entries.contains(where: \.value.holdsExpression)
        }
    }
}
