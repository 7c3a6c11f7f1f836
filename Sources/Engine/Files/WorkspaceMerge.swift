import Recipe
import YAML

/// What a changed workspace means for a running process: valid changes take effect, and a file that is wrong keeps its last valid version.
struct WorkspaceMerge: Sendable {
    /// What is in force from now on.
    let workspace: Workspace
    /// Recipes that are new, differ, or are gone.
    let added: [String]
    let changed: [String]
    let removed: [String]
    /// What is wrong with the files that were not taken.
    let rejected: [Diagnostic]

    init(_ new: Workspace, over old: Workspace) {
        let errors = new.diagnostics.filter { $0.severity == .error }
        rejected = errors
        let broken = Set(errors.map(\.path))
        // With wrong settings nothing can be taken.
        guard !new.hasBrokenSettings else {
            workspace = old
            (added, changed, removed) = ([], [], [])
            return
        }
        var merged = new
        for (name, connection) in old.connections where merged.connections[name] == nil {
            let isBroken = broken.contains(connection.path) || connection.connector.path.map(broken.contains) ?? false
            if isBroken { merged.connections[name] = connection }
        }
        for (name, recipe) in old.recipes where merged.recipes[name] == nil && broken.contains(recipe.path) {
            merged.recipes[name] = recipe
        }
        workspace = merged
        added = merged.recipes.keys.filter { old.recipes[$0] == nil }.sorted()
        removed = old.recipes.keys.filter { merged.recipes[$0] == nil }.sorted()
        changed = merged.recipes.values.filter { recipe in
            old.recipes[recipe.name].map { $0.version != recipe.version } ?? false
        }.map(\.name).sorted()
    }

    /// Whether any recipe differs.
    var isEmpty: Bool { added.isEmpty && changed.isEmpty && removed.isEmpty }
}
