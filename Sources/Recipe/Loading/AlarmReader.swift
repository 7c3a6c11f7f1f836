import YAML

/// Reads the keys of a recipe that say when somebody must be told: `expect`, `alert_after` and `heartbeat`.
struct AlarmKeysReader {
    let file: FileReader

    func alarms(_ reader: inout MappingReader) -> AlarmKeys {
        let expectations = reader.takeNonNull("expect").map(expectations)
        let alertAfter = reader.int("alert_after", in: 1...1_000)?.value
        let heartbeat = reader.takeNonNull("heartbeat").flatMap(heartbeat)
        guard expectations != nil || alertAfter != nil || heartbeat != nil else { return .ordinary }
        return AlarmKeys(
            expectations: expectations ?? Expectations(),
            alertAfter: alertAfter ?? Defaults.alertAfter,
            heartbeat: heartbeat
        )
    }

    private func expectations(_ node: Node) -> Expectations {
        var expectations = Expectations()
        guard var reader = MappingReader(node, as: "`expect`", into: file.diagnostics) else { return expectations }
        expectations.successEvery = file.duration(reader.take("success_every"), as: "`success_every`", min: .seconds(1))
        expectations.maxLateness = file.duration(
            reader.take("max_lateness"),
            as: "`max_lateness`",
            min: .milliseconds(1)
        )
        reader.finish()
        return expectations
    }

    private func heartbeat(_ node: Node) -> Template? {
        guard let url = file.template(node, as: "`heartbeat`") else { return nil }
        if let text = url.constant, !text.hasPrefix("https://"), !text.hasPrefix("http://") {
            file.diagnostics.report(
                "heartbeat.url",
                "`\(text)` is no URL",
                at: node.span,
                help: "write the whole URL, for example `https://hc-ping.com/…`"
            )
        }
        return url
    }
}

/// Reads `on_alert` of `runner.yml`: the actions that alarms run.
struct AlertReader {
    let file: FileReader
    let catalogue: Catalogue

    /// The actions as a recipe; nil when there are none.
    func recipe(_ root: Node?) -> Recipe? {
        guard let root, !root.isNull, var reader = MappingReader(root, as: "`runner.yml`", into: file.diagnostics),
            let node = reader.takeNonNull("on_alert")
        else { return nil }
        let recipe = Recipe(
            name: Recipe.alertName,
            source: file.diagnostics.source,
            timeout: file.settings.timeout,
            retry: file.settings.retry,
            actions: ActionReader(file: file, catalogue: catalogue, connection: nil).actions(node, as: "`on_alert`")
        )
        RecipeChecker(file: file, catalogue: catalogue).check(recipe)
        return recipe
    }
}
