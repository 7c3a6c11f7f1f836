public import CEL
import Recipe

/// Inputs that do not fit a recipe.
public struct InputError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, with the input's name.
    public let description: String
}

extension RecipePlan {
    /// The inputs of a run that a trigger starts: the defaults.
    public var defaultInputs: Value {
        var inputs = ValueMap()
        for definition in recipe.inputs {
            if let value = definition.defaultValue ?? (definition.isOptional ? .null : nil) {
                inputs[definition.name] = value
            }
        }
        return .map(inputs)
    }

    /// `inputs` in expressions: what is given, and the defaults of the rest.
    public func inputs(given: [String: Value]) throws(InputError) -> Value {
        let known = recipe.inputs.map(\.name)
        if let unknown = given.keys.sorted().first(where: { !known.contains($0) }) {
            let list = known.isEmpty ? "it takes none" : "it takes \(known.map { "`\($0)`" }.joined(separator: ", "))"
            throw InputError(description: "the recipe \(recipe.name) has no input `\(unknown)`; \(list)")
        }
        var inputs = ValueMap()
        for definition in recipe.inputs {
            guard let value = given[definition.name] ?? definition.defaultValue ?? (definition.isOptional ? .null : nil)
            else {
                throw InputError(
                    description:
                        "the recipe \(recipe.name) needs the input `\(definition.name)`; give it with --input \(definition.name)=…"
                )
            }
            if let problem = definition.problem(with: value) {
                throw InputError(description: "the input `\(definition.name)` \(problem)")
            }
            inputs[definition.name] = value
        }
        return .map(inputs)
    }
}
