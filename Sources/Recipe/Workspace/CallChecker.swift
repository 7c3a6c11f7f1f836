import CEL
import YAML

/// One recipe file's outcome, made on any core and merged in order.
struct LoadedRecipe: Sendable {
    /// The recipe's name, also where the recipe is broken.
    var name: String
    /// The recipe as far as it could be read.
    var draft: Recipe?
    var source: Source?
    var diagnostics: [Diagnostic] = []
    /// Whether the file is there and could be read.
    var isRead = true

    /// The recipe; nil when the file has errors.
    var recipe: Recipe? { diagnostics.contains { $0.severity == .error } ? nil : draft }
}

/// Checks the calls between recipes, for which all of them must be known: that each is there, takes what it is given, and does not come back to the caller.
struct CallChecker {
    private var recipes: [String: Recipe] = [:]
    /// The names of all recipes; the mistakes of broken ones are reported in their own files.
    private var names: Set<String>
    /// Whom each recipe calls; only recipes that call are in it.
    private var called: [String: [String]] = [:]

    /// A checker that knows these recipes, and of others only that there are some of these names.
    init(_ loaded: [LoadedRecipe], names: Set<String> = []) {
        self.names = names
        for file in loaded where file.isRead {
            self.names.insert(file.name)
            recipes[file.name] = file.recipe
            let calls = file.draft?.calls.map(\.name) ?? []
            if !calls.isEmpty { called[file.name] = calls }
        }
    }

    /// Adds what is wrong to the files.
    func check(_ loaded: inout [LoadedRecipe]) {
        for index in loaded.indices {
            guard let recipe = loaded[index].draft, let source = loaded[index].source, !recipe.calls.isEmpty else {
                continue
            }
            let diagnostics = Diagnostics(source)
            for known in loaded[index].diagnostics { diagnostics.report(known) }
            check(recipe, diagnostics)
            loaded[index].diagnostics = diagnostics.sorted
        }
    }

    /// Reports what is wrong with the calls of one recipe.
    private func check(_ recipe: Recipe, _ diagnostics: Diagnostics) {
        for call in recipe.calls {
            guard names.contains(call.name) else {
                let near = Suggestion.nearest(to: call.name, among: names.sorted())
                diagnostics.report(
                    "call.unknown",
                    "there is no recipe `\(call.name)`",
                    at: call.span,
                    help: near.map { "`\($0)` was probably meant" } ?? "write it as `\(call.name).yml`"
                )
                continue
            }
            if let way = way(from: call.name, to: recipe.name) {
                let cycle = ([recipe.name] + way).map { "`\($0)`" }.joined(separator: ", which calls ")
                diagnostics.report(
                    "call.cycle",
                    "a recipe cannot call itself: \(cycle)",
                    at: call.span,
                    help: "take one of these calls out; `foreach` and `until` repeat actions"
                )
            }
            guard let callee = recipes[call.name] else { continue }
            GivenInputs(node: call.given, key: "inputs", owner: "the recipe `\(call.name)`", code: "call")
                .check(against: callee.inputs, at: call.span, into: diagnostics)
        }
    }

    /// The names on the way from one recipe to another by calls, both included; nil when there is none.
    private func way(from start: String, to end: String) -> [String]? {
        var before: [String: String] = [:]
        var next = [start]
        var seen: Set<String> = [start]
        while let name = next.popLast() {
            if name == end {
                var way = [name]
                while let previous = before[way[0]] { way.insert(previous, at: 0) }
                return way
            }
            for other in called[name] ?? [] where seen.insert(other).inserted {
                before[other] = name
                next.append(other)
            }
        }
        return nil
    }
}
