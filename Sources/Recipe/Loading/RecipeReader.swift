import YAML

/// Reads a recipe's file.
struct RecipeReader {
    let file: FileReader
    let catalogue: Catalogue

    /// The recipe; nil when the file is so wrong that nothing of it can be used.
    func recipe(_ node: Node?, defaultName: String) -> Recipe? {
        let source = file.diagnostics.source
        guard let node else {
            return file.reportEmpty("recipe.empty", help: "write a recipe, or let its name begin with `_`")
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
        let description = reader.string("description")?.value
        let isEnabled = reader.bool("enabled")?.value ?? true
        let connection = ConnectionReferenceReader(file: file, catalogue: catalogue)
            .reference(reader.takeNonNull("connection"))
        let triggers = TriggerReader(file: file, recipeName: recipeName, pool: catalogue.triggers)
            .triggers(reader.takeNonNull("trigger"))
        let inputs = InputReader(file: file).inputs(reader.take("inputs"))
        let vars = file.namedTemplates(reader.take("vars"), as: "`vars`")
        let timeout = file.duration(reader.take("timeout"), as: "`timeout`", min: .milliseconds(1))
        let retry = RetryReader(file: file).policy(reader.take("retry"))
        let actionReader = ActionReader(file: file, catalogue: catalogue, connection: connection)
        var actions: [Action] = []
        if let node = reader.require(
            "actions",
            help: "add `actions:` with at least one action, for example `- get: /me`"
        ) {
            actions = actionReader.actions(node, as: "`actions`")
            if case .sequence(let items) = node.content, items.isEmpty {
                file.diagnostics.report(
                    "recipe.no-actions",
                    "the recipe does nothing",
                    at: node.span,
                    help: "add an action"
                )
            }
        }
        let recipe = Recipe(
            name: recipeName,
            source: source,
            description: description,
            isEnabled: isEnabled,
            triggers: triggers,
            connection: connection,
            inputs: inputs,
            vars: vars,
            timeout: timeout ?? file.settings.timeout,
            retry: retry ?? file.settings.retry,
            actions: actions,
            state: reader.take("state").map(file.valueTemplate),
            output: reader.take("output").map(file.valueTemplate),
            onSuccess: actionReader.actions(reader.take("on_success"), as: "`on_success`", prefix: "on_success/"),
            onFailure: actionReader.actions(reader.take("on_failure"), as: "`on_failure`", prefix: "on_failure/"),
            finally: actionReader.actions(reader.take("finally"), as: "`finally`", prefix: "finally/"),
            onInterrupt: reader.choice("on_interrupt", InterruptPolicy.self)?.value ?? .resume,
            delivery: reader.choice("delivery", Delivery.self)?.value ?? .atLeastOnce,
            alarms: AlarmKeysReader(file: file).alarms(&reader)
        )
        reader.finish(foreign: ForeignKeys.ofRecipe)
        RecipeChecker(file: file, catalogue: catalogue).check(recipe)
        return recipe
    }
}
