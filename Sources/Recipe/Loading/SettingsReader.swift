import Schedule
import YAML

/// Reads `runner.yml`.
struct SettingsReader {
    let file: FileReader

    func settings(_ node: Node?) -> WorkspaceSettings {
        var settings = file.settings
        guard let node, !node.isNull, var reader = MappingReader(node, as: "`runner.yml`", into: file.diagnostics)
        else {
            return settings
        }
        if let zone = reader.string("timezone") {
            do {
                settings.timezone = try Zone(named: zone.value)
            } catch {
                file.diagnostics.report("settings.timezone", error.message, at: zone.span, help: error.help)
            }
        }
        settings.store = reader.string("store")?.value
        if let limit = reader.int("max_concurrent_runs", in: 1...100_000) { settings.maxConcurrentRuns = limit.value }
        if let grace = file.duration(reader.take("shutdown_grace"), as: "`shutdown_grace`") {
            settings.shutdownGrace = grace
        }
        settings.environmentNames = file.strings(reader.take("env"), as: "`env`") ?? []
        if let node = reader.takeNonNull("history") { history(node, &settings) }
        if let node = reader.takeNonNull("defaults") { defaults(node, &settings) }
        if let node = reader.takeNonNull("log") { log(node, &settings) }
        // Read by `AlertReader`, when the connections are known.
        reader.known(["on_alert"])
        reader.finish()
        return settings
    }

    private func history(_ node: Node, _ settings: inout WorkspaceSettings) {
        guard var reader = MappingReader(node, as: "`history`", into: file.diagnostics) else { return }
        if let keep = file.duration(reader.take("keep"), as: "`keep`", min: .seconds(60)) {
            settings.historyKeep = keep
        }
        reader.finish()
    }

    private func defaults(_ node: Node, _ settings: inout WorkspaceSettings) {
        guard var reader = MappingReader(node, as: "`defaults`", into: file.diagnostics) else { return }
        if let timeout = file.duration(reader.take("timeout"), as: "`timeout`", min: .milliseconds(1)) {
            settings.timeout = timeout
        }
        settings.retry = RetryReader(file: file).policy(reader.take("retry"))
        if let overlap = reader.choice("overlap", OverlapRule.self) { settings.overlap = overlap.value }
        if let catchUp = reader.choice("catch_up", CatchUpRule.Policy.self) { settings.catchUp = catchUp.value }
        reader.finish()
    }

    private func log(_ node: Node, _ settings: inout WorkspaceSettings) {
        guard var reader = MappingReader(node, as: "`log`", into: file.diagnostics) else { return }
        if let format = reader.choice("format", LogFormat.self) { settings.logFormat = format.value }
        if let level = reader.choice("level", LogAction.Level.self) { settings.logLevel = level.value }
        reader.finish()
    }
}
