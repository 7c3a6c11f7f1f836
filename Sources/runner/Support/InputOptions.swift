import ArgumentParser
import CEL
import Engine
import Foundation
import Recipe

/// What a run is started with.
struct InputOptions: ParsableArguments {
    @Option(name: .long, help: "An input, as name=value; may be given several times.")
    var input: [String] = []

    @Option(help: "A JSON file with the inputs; --input overrides it.")
    var inputFile: String?

    /// Nothing is given.
    static var none: InputOptions {
        var options = InputOptions()
        options.input = []
        options.inputFile = nil
        return options
    }

    /// The inputs of a recipe, complete and of the right types.
    func value(for plan: RecipePlan) throws -> Value {
        var given: [String: Value] = [:]
        if let inputFile {
            guard let data = FileManager.default.contents(atPath: inputFile) else {
                throw Failure(.invalid, "there is no file \(inputFile) to read")
            }
            guard case .map(let map)? = try? Value(json: [UInt8](data)) else {
                throw Failure(.invalid, "\(inputFile) is no JSON object; write {\"name\": value, …}")
            }
            for entry in map { given[entry.key.text] = entry.value }
        }
        for pair in input {
            guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
                throw Failure(.invalid, "--input \(pair) is not of the form name=value")
            }
            let name = String(pair[..<equals])
            let text = String(pair[pair.index(after: equals)...])
            guard let definition = plan.recipe.inputs.first(where: { $0.name == name }) else {
                given[name] = .string(text)
                continue
            }
            guard let value = definition.value(fromText: text) else {
                throw Failure(
                    .invalid,
                    "the input `\(name)` must be of type \(definition.kind.rawValue), not `\(text)`"
                )
            }
            given[name] = value
        }
        do {
            return try plan.inputs(given: given)
        } catch {
            throw Failure(.invalid, error.description)
        }
    }
}
