import YAML

/// Reads the verb `call`; the recipe that is called is looked for when all are loaded.
struct RecipeCallReader {
    let file: FileReader

    func call(_ node: Node, _ reader: inout MappingReader) -> RecipeCall? {
        let given = reader.takeNonNull("inputs")
        guard case .scalar(let name) = node.content, !name.text.isEmpty, !name.text.contains("${{") else {
            file.diagnostics.report(
                "call.name",
                "`call` is the name of a recipe",
                at: node.span,
                help: "write `call: NAME`, and what it is given under `inputs:`; `switch` chooses between recipes"
            )
            return nil
        }
        return RecipeCall(
            name: name.text,
            inputs: file.members(given, as: "`inputs`"),
            span: node.span,
            given: given
        )
    }
}
