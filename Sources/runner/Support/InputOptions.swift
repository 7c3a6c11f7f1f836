import ArgumentParser
import CEL
import Engine
import Foundation
import Recipe
import YAML

/// What a run is started with.
struct InputOptions: ParsableArguments {
    @Option(name: .long, help: "An input, as name=value; may be given several times.")
    var input: [String] = []

    @Option(help: "A file with the inputs, in JSON or YAML; `-` reads standard input. --input overrides it.")
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
            for entry in try Self.file(inputFile) { given[entry.key.text] = entry.value }
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
                let found = definition.isSecret ? "" : ", not `\(text)`"
                throw Failure(.invalid, "the input `\(name)` must be of type \(definition.kind.rawValue)\(found)")
            }
            given[name] = value
        }
        do {
            return try plan.inputs(given: given)
        } catch {
            throw Failure(.invalid, error.description)
        }
    }

    /// What a file gives, or standard input.
    private static func file(_ path: String) throws -> ValueMap {
        let source: Source
        if path == "-" {
            source = Source(path: "stdin", bytes: [UInt8](FileHandle.standardInput.readDataToEndOfFile()))
        } else {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure(.invalid, UnreadableFile(at: path).sentence(path))
            }
            source = Source(path: path, bytes: [UInt8](data))
        }
        let (inputs, diagnostics) = VariableFile.read(source)
        if let inputs { return inputs }
        // Without the line that is wrong: it may hold a secret.
        for diagnostic in diagnostics {
            Terminal.errorLine(diagnostic.rendered(in: nil, colour: Terminal.allowsColour(2)))
        }
        throw ExitCode(Failure.Code.invalid.rawValue)
    }
}
