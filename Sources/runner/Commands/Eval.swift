import ArgumentParser
import CEL
import Foundation
import Recipe
import YAML

/// `runner eval`: tries an expression, outside any recipe.
struct Eval: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Evaluates an expression: its value as JSON on stdout, its type and cost on stderr.",
        discussion: """
            The expression is CEL, with all the functions that recipes have (docs/expressions.md), or a text with ${{ }} in it.

            Exit codes: 1 the expression has no value, for example 1/0; 2 it is wrong in itself, or the input cannot be read.
            """
    )

    // What begins with a minus sign, as -1 does, is no option that there is.
    @Argument(parsing: .allUnrecognized, help: "The expression, or a text with ${{ }} in it.")
    var expression: [String]

    @Option(
        name: .shortAndLong,
        help: "A YAML or JSON file whose top-level keys become variables; - reads standard input."
    )
    var input: String?

    @Flag(help: "One object with value, type and steps, or with the errors.")
    var json = false

    func run() throws {
        // `--` comes along with what is unrecognised; before the expression it means what it always means.
        let words = expression.first == "--" ? expression.dropFirst() : expression[...]
        guard words.count == 1, let text = words.first else {
            throw Failure(.invalid, "write the expression as one argument, in quotes: runner eval '1 + 2'")
        }
        let variables = try variables()
        let (expression, diagnostics, source) = AdHocExpression.read(text, variables: variables)
        guard let expression else { throw failure(diagnostics, source, .invalid) }
        if !json { show(diagnostics, source) }
        do throws(AdHocExpression.EvaluationFailure) {
            let outcome = try expression.evaluate(variables)
            show(outcome)
        } catch {
            throw failure([error.diagnostic], source, .runFailed)
        }
    }

    /// How many problems of one expression are shown to people.
    private static let shown = 10

    private func show(_ outcome: AdHocExpression.Outcome) {
        let type = Type(of: outcome.value).description
        guard json else {
            Terminal.out(outcome.value.json(pretty: Terminal.allowsColour(1)))
            return Terminal.errorLine("\(type), \(outcome.steps) step\(outcome.steps == 1 ? "" : "s")")
        }
        Terminal.out(
            Value.map(
                ValueMap([
                    ("value", outcome.value), ("type", .string(type)), ("steps", .int(Int64(outcome.steps))),
                ])
            ).json()
        )
    }

    /// Shows what is wrong, and gives the exit code that says so.
    private func failure(_ diagnostics: [Diagnostic], _ source: Source, _ code: Failure.Code) -> ExitCode {
        if json {
            let errors = diagnostics.map(Listing.json)
            Terminal.out(Value.map(ValueMap([("errors", .list(errors))])).json())
        } else {
            show(diagnostics, source)
        }
        return ExitCode(code.rawValue)
    }

    private func show(_ diagnostics: [Diagnostic], _ source: Source) {
        let colour = Terminal.allowsColour(2)
        for diagnostic in diagnostics.prefix(Self.shown) {
            Terminal.errorLine(diagnostic.rendered(in: source, colour: colour))
        }
        if diagnostics.count > Self.shown { Terminal.errorLine("and \(diagnostics.count - Self.shown) more") }
    }

    private func variables() throws -> ValueMap {
        guard let input else { return ValueMap() }
        let source: Source
        if input == "-" {
            let data = try? FileHandle.standardInput.readToEnd()
            source = Source(path: "stdin", bytes: [UInt8](data ?? Data()))
        } else {
            guard let data = FileManager.default.contents(atPath: input) else {
                throw Failure(.invalid, UnreadableFile(at: input).sentence(input))
            }
            source = Source(path: input, bytes: [UInt8](data))
        }
        let (variables, diagnostics) = VariableFile.read(source)
        guard let variables else { throw failure(diagnostics, source, .invalid) }
        return variables
    }
}
