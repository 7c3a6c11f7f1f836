import ArgumentParser

/// What commands about one recipe begin with.
struct RecipeArguments: ParsableArguments {
    @Argument(help: "The recipe's name.")
    var recipe: String

    @OptionGroup var place: WorkspaceOptions
}
