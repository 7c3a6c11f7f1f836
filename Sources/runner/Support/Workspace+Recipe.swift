import Recipe
import YAML

extension Workspace {
    /// The recipe of a name, else a failure that names the nearest one.
    func recipe(named name: String) throws -> Recipe {
        if let recipe = recipes[name] { return recipe }
        if brokenRecipes.contains(name) {
            throw Failure(.invalid, "the recipe `\(name)` has a mistake; `runner validate` shows it")
        }
        let near = Suggestion.nearest(to: name, among: recipes.keys.sorted())
        throw Failure(
            .invalid,
            "there is no recipe `\(name)`"
                + (near.map { "; `\($0)` was probably meant" } ?? "; `runner list` shows them")
        )
    }
}
