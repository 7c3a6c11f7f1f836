import Dispatch
import Foundation
public import Schedule
import Synchronization
import YAML

/// Loads a workspace, or one recipe of it with what it needs.
public struct WorkspaceLoader: Sendable {
    let reader: SourceReader
    private let systemZone: Zone

    /// The workspace's directory.
    public var root: String { reader.root }

    /// A loader for a directory; `displayRoot` is what diagnostics show in its place.
    public init(root: String, displayRoot: String? = nil, systemZone: Zone) {
        reader = SourceReader(root: root, displayRoot: displayRoot ?? root)
        self.systemZone = systemZone
    }

    /// Loads settings, connectors and connections, but no recipe.
    public func loadConnections() -> Workspace {
        load(WorkspaceFiles(root: root, recipes: []))
    }

    /// Loads everything; what is broken is left out and reported in `diagnostics`.
    public func load() -> Workspace {
        var workspace = load(WorkspaceFiles(root: root))
        if let alerts = workspace.alerts {
            var file = [
                LoadedRecipe(name: alerts.name, draft: alerts, source: Source(path: alerts.path, text: alerts.text))
            ]
            let recipes = workspace.recipes.values.map { LoadedRecipe(name: $0.name, draft: $0) }
            CallChecker(recipes).check(&file)
            for part in file {
                workspace.add(part.diagnostics, part.source)
                workspace.alerts = part.recipe
            }
        }
        return workspace
    }

    private func load(_ files: WorkspaceFiles) -> Workspace {
        var workspace = Workspace(root: root, settings: WorkspaceSettings(timezone: systemZone))
        let settings = loadSettings(&workspace)
        let catalogue = Catalogue(files: files, settings: workspace.settings, reader: reader)
        if let settings { loadAlerts(settings, catalogue, &workspace) }
        (workspace.connectors, workspace.connections) = catalogue.loadAll()
        var loaded = loadRecipes(files.recipes, settings: workspace.settings, catalogue)
        CallChecker(loaded).check(&loaded)
        merge(catalogue, loaded, into: &workspace)
        return workspace
    }

    /// Reads `runner.yml` only.
    public func settings() -> WorkspaceSettings {
        var workspace = Workspace(root: root, settings: WorkspaceSettings(timezone: systemZone))
        _ = loadSettings(&workspace)
        return workspace.settings
    }

    /// Loads one recipe and what it names, the recipes that it calls too; nothing else is read.
    ///
    /// `path` is relative to the root or absolute. The workspace has the recipes that are called beside it.
    public func load(recipe path: String) -> (workspace: Workspace, recipe: Recipe?) {
        var workspace = Workspace(root: root, settings: WorkspaceSettings(timezone: systemZone))
        _ = loadSettings(&workspace)
        let files = WorkspaceFiles(root: root, recipes: [])
        let catalogue = Catalogue(files: files, settings: workspace.settings, reader: reader)
        let relative = path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path
        var loaded = loadRecipes([relative], settings: workspace.settings, catalogue)
        if let calls = loaded.first?.draft?.calls, !calls.isEmpty {
            let others = loadCalled(calls.map(\.name), from: relative, settings: workspace.settings, catalogue)
            loaded += others.called
            CallChecker(loaded, names: others.names).check(&loaded)
        }
        workspace.connections = catalogue.loadedConnections
        let recipe = loaded.first?.recipe
        merge(catalogue, loaded, into: &workspace)
        return (workspace, recipe)
    }

    /// The recipes of these names, and those that they call; besides, the names of all recipes that were read on the way.
    ///
    /// A recipe is looked for under its name first; only where it is not there must every file be read, since one may
    /// have another name than its path.
    private func loadCalled(
        _ names: [String],
        from first: String,
        settings: WorkspaceSettings,
        _ catalogue: Catalogue
    ) -> (called: [LoadedRecipe], names: Set<String>) {
        var found: [String: LoadedRecipe] = [:]
        var paths: Set<String> = [first]
        var wanted = names
        while let name = wanted.popLast() {
            guard found[name] == nil else { continue }
            let likely = ["\(name).yml", "\(name).yaml"].filter {
                !paths.contains($0) && WorkspaceFiles.isRecipe($0, inWorkspace: root)
            }
            if let recipe = loadRecipes(likely, settings: settings, catalogue).first(where: {
                $0.name == name && $0.isRead
            }) {
                found[name] = recipe
                paths.formUnion(likely)
                wanted += recipe.draft?.calls.map(\.name) ?? []
                continue
            }
            let rest = WorkspaceFiles(root: root).recipes.filter { !paths.contains($0) }
            for recipe in loadRecipes(rest, settings: settings, catalogue) where recipe.isRead {
                if found[recipe.name] == nil { found[recipe.name] = recipe }
            }
            // Everything is read now: what is still missing is not there.
            break
        }
        var reached: Set<String> = []
        wanted = names
        while let name = wanted.popLast() {
            guard found[name] != nil, reached.insert(name).inserted else { continue }
            wanted += found[name]?.draft?.calls.map(\.name) ?? []
        }
        return (reached.sorted().compactMap { found[$0] }, Set(found.keys))
    }

    /// Reads a recipe again from the text of an earlier version, which a resumed run keeps (DESIGN section 10).
    ///
    /// Its connections are the current ones. Nil when the text is no valid recipe any more, for example because a
    /// connection that it names is gone.
    public func recipe(fromVersion text: String, of recipe: String, in workspace: Workspace) -> Recipe? {
        let source = Source(path: recipe, text: text)
        let file = FileReader(source: source, settings: workspace.settings)
        let node = parse(source, into: file.diagnostics)
        let files = WorkspaceFiles(root: root, recipes: [])
        let catalogue = Catalogue(files: files, settings: workspace.settings, reader: reader)
        let result =
            recipe == Recipe.alertName
            ? AlertReader(file: file, catalogue: catalogue).recipe(node)
            : RecipeReader(file: file, catalogue: catalogue).recipe(node, defaultName: recipe)
        return file.diagnostics.hasErrors ? nil : result
    }

    /// Reads `runner.yml`; gives its text, when it is there and has no error.
    private func loadSettings(_ workspace: inout Workspace) -> Source? {
        guard access(root + "/runner.yml", F_OK) == 0 else { return nil }
        switch reader.source("runner.yml") {
        case .success(let source):
            let file = FileReader(source: source, settings: workspace.settings)
            let node = parse(source, into: file.diagnostics)
            if !file.diagnostics.hasErrors { workspace.settings = SettingsReader(file: file).settings(node) }
            workspace.add(file.diagnostics.sorted, source)
            return file.diagnostics.hasErrors ? nil : source
        case .failure(let problem):
            workspace.add([problem.diagnostic], nil)
            return nil
        }
    }

    /// Reads what alarms do.
    private func loadAlerts(_ source: Source, _ catalogue: Catalogue, _ workspace: inout Workspace) {
        let file = FileReader(source: source, settings: workspace.settings)
        let recipe = AlertReader(file: file, catalogue: catalogue).recipe(parse(source, into: file.diagnostics))
        if !file.diagnostics.hasErrors { workspace.alerts = recipe }
        workspace.add(file.diagnostics.sorted, source)
    }

    // MARK: Recipes

    private func loadRecipes(_ paths: [String], settings: WorkspaceSettings, _ catalogue: Catalogue) -> [LoadedRecipe] {
        let results = Mutex<[Int: LoadedRecipe]>([:])
        // Parsing dominates and files are independent, so all cores share a large workspace.
        let chunk = 16
        let chunks = (paths.count + chunk - 1) / chunk
        DispatchQueue.concurrentPerform(iterations: chunks) { number in
            var part: [Int: LoadedRecipe] = [:]
            for index in (number * chunk)..<min((number + 1) * chunk, paths.count) {
                part[index] = loadRecipe(paths[index], settings: settings, catalogue)
            }
            results.withLock { $0.merge(part) { first, _ in first } }
        }
        return results.withLock { results in paths.indices.compactMap { results[$0] } }
    }

    private func loadRecipe(_ path: String, settings: WorkspaceSettings, _ catalogue: Catalogue) -> LoadedRecipe {
        switch reader.source(path) {
        case .success(let source):
            let file = FileReader(source: source, settings: settings, programs: catalogue.programs)
            let node = parse(source, into: file.diagnostics)
            var recipe: Recipe?
            if !file.diagnostics.hasErrors {
                let name = WorkspaceFiles.recipeName(path)
                recipe = RecipeReader(file: file, catalogue: catalogue).recipe(node, defaultName: name)
            }
            let name = recipe?.name ?? declaredName(in: source) ?? WorkspaceFiles.recipeName(path)
            let diagnostics = file.diagnostics.sorted
            // Most have nothing to report, and a hundred thousand sources at once are a lot.
            let isSilent = diagnostics.isEmpty && recipe?.calls.isEmpty ?? true
            return LoadedRecipe(
                name: name,
                draft: recipe,
                source: isSilent ? nil : source,
                diagnostics: diagnostics
            )
        case .failure(let problem):
            return LoadedRecipe(name: WorkspaceFiles.recipeName(path), diagnostics: [problem.diagnostic], isRead: false)
        }
    }

    /// The `name:` of a recipe of which nothing else can be read: it has a line of its own, which may be sound.
    private func declaredName(in source: Source) -> String? {
        guard let line = source.text.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix("name:") }) else {
            return nil
        }
        let diagnostics = Diagnostics(Source(path: source.path, text: String(line)))
        guard let node = parse(diagnostics.source, into: diagnostics),
            var reader = MappingReader(node, as: "a recipe", into: diagnostics)
        else { return nil }
        return reader.string("name")?.value
    }

    private func merge(_ catalogue: Catalogue, _ loaded: [LoadedRecipe], into workspace: inout Workspace) {
        for report in catalogue.reports { workspace.add(report.diagnostics, report.source) }
        for result in loaded {
            workspace.add(result.diagnostics, result.source)
            if let recipe = result.recipe {
                workspace.add(recipe)
            } else {
                workspace.brokenRecipes.insert(result.name)
            }
        }
    }
}

extension Workspace {
    fileprivate mutating func add(_ reports: [Diagnostic], _ source: Source?) {
        guard !reports.isEmpty else { return }
        diagnostics.append(contentsOf: reports)
        if let source { sources[source.path] = source }
    }

    /// Adds a recipe; two files with one name are an error (DESIGN section 10).
    fileprivate mutating func add(_ recipe: Recipe) {
        if let other = recipes[recipe.name] {
            let start = Mark(line: 1, column: 1)
            sources[recipe.path] = Source(path: recipe.path, text: recipe.text)
            diagnostics.append(
                Diagnostic(
                    code: "recipe.duplicate-name",
                    message: "the name `\(recipe.name)` is taken by \(other.path)",
                    help: "give one of them another `name:`",
                    path: recipe.path,
                    span: Span(start: start, end: start)
                )
            )
            return
        }
        recipes[recipe.name] = recipe
    }
}
