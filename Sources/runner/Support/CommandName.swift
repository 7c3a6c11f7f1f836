import ArgumentParser
import YAML

/// Finds the command that was meant where one is misspelt: the parser only says that an argument was not expected.
enum CommandName {
    /// What to tell of the arguments; nil where no word in a command's place is near a command's name.
    static func slip(in arguments: [String]) -> Failure? {
        var commands = Runner.configuration.subcommands
        var path = "runner"
        for word in arguments {
            if let command = commands.first(where: { $0.configuration.commandName == word }) {
                commands = command.configuration.subcommands
                path += " " + word
                continue
            }
            let near = Suggestion.nearest(to: word, among: commands.compactMap { $0.configuration.commandName })
            guard !word.hasPrefix("-"), let near else { return nil }
            return Failure(.invalid, "`\(path)` has no command `\(word)`; `\(near)` was probably meant")
        }
        return nil
    }
}
