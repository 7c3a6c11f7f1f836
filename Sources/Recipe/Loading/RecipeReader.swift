import Crypto
import YAML

/// Reads a recipe's file.
struct RecipeReader {
    let file: FileReader
    let catalogue: Catalogue

    /// The recipe; nil when the file is so wrong that nothing of it can be used.
    func recipe(_ node: Node?, defaultName: String) -> Recipe? {
        let source = file.diagnostics.source
        guard let node else {
            if !file.diagnostics.hasErrors {
                file.diagnostics.report(
                    "recipe.empty",
                    "the file is empty",
                    at: Span(start: Mark(line: 1, column: 1), end: Mark(line: 1, column: 1)),
                    help: "write a recipe, or let its name begin with `_`"
                )
            }
            return nil
        }
        guard var reader = MappingReader(node, as: "a recipe", into: file.diagnostics) else { return nil }
        let name = reader.string("name")
        if let name, name.value.isEmpty || name.value.utf8.contains(where: { $0 < 0x20 }) {
            file.diagnostics.report(
                "recipe.name",
                "this is no name",
                at: name.span,
                help: "write a short name on one line"
            )
        }
        let recipeName = name?.value ?? defaultName
        if recipeName == Recipe.alertName {
            let start = Mark(line: 1, column: 1)
            file.diagnostics.report(
                "recipe.name",
                "`\(Recipe.alertName)` is the name of what alarms do, so no recipe can have it",
                at: name?.span ?? Span(start: start, end: start),
                help: "choose another name, or write the actions as `on_alert:` in runner.yml"
            )
        }
        var recipe = Recipe(name: recipeName, path: source.path, source: source, version: Self.version(of: source.text))
        recipe.description = reader.string("description")?.value
        recipe.isEnabled = reader.bool("enabled")?.value ?? true
        recipe.connection = ConnectionReferenceReader(file: file, catalogue: catalogue)
            .reference(reader.takeNonNull("connection"))
        recipe.triggers = TriggerReader(file: file, recipeName: recipeName).triggers(reader.takeNonNull("trigger"))
        recipe.inputs = InputReader(file: file).inputs(reader.take("inputs"))
        recipe.vars = file.namedTemplates(reader.take("vars"), as: "`vars`")
        recipe.timeout =
            file.duration(reader.take("timeout"), as: "`timeout`", min: .milliseconds(1)) ?? file.settings.timeout
        recipe.retry = RetryReader(file: file).policy(reader.take("retry")) ?? file.settings.retry
        let actionReader = ActionReader(file: file, catalogue: catalogue, connection: recipe.connection)
        if let actions = reader.require(
            "actions",
            help: "add `actions:` with at least one action, for example `- get: /me`"
        ) {
            recipe.actions = actionReader.actions(actions, as: "`actions`")
            if case .sequence(let items) = actions.content, items.isEmpty {
                file.diagnostics.report(
                    "recipe.no-actions",
                    "the recipe does nothing",
                    at: actions.span,
                    help: "add an action"
                )
            }
        }
        recipe.state = reader.take("state").map(file.valueTemplate)
        recipe.output = reader.take("output").map(file.valueTemplate)
        recipe.onSuccess = actionReader.actions(reader.take("on_success"), as: "`on_success`", prefix: "on_success/")
        recipe.onFailure = actionReader.actions(reader.take("on_failure"), as: "`on_failure`", prefix: "on_failure/")
        recipe.finally = actionReader.actions(reader.take("finally"), as: "`finally`", prefix: "finally/")
        if let policy = reader.choice("on_interrupt", InterruptPolicy.self) { recipe.onInterrupt = policy.value }
        if let delivery = reader.choice("delivery", Delivery.self) { recipe.delivery = delivery.value }
        AlarmKeysReader(file: file).read(&reader, into: &recipe)
        reader.finish()
        RecipeChecker(file: file, catalogue: catalogue).check(recipe)
        return recipe
    }

    /// SHA-256 of the text, shortened to 128 bits.
    static func version(of text: String) -> String {
        let digest = SHA256.hash(data: Array(text.utf8))
        return digest.prefix(16).hexadecimal
    }
}
