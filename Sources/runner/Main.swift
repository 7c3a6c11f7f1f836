import ArgumentParser
import Glibc

/// The command line's entry: parses, runs, and maps whatever happens to the exit codes of the documentation.
@main
enum Main {
    static func main() async {
        // A reader that went away (`runner runs | head`) is no reason to die in the middle of a write.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Runner.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Terminal.error(failure.message)
            exit(failure.code.rawValue)
        } catch let code as ExitCode {
            exit(code.rawValue)
        } catch {
            let code = Runner.exitCode(for: error)
            // Help and the version are asked for; everything else that the parser throws is a wrong usage.
            if code == .success {
                Terminal.out(Runner.fullMessage(for: error))
                exit(0)
            }
            Terminal.errorLine(Runner.fullMessage(for: error))
            exit(Failure.Code.invalid.rawValue)
        }
    }
}

/// `runner`: what every command belongs to.
struct Runner: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runner",
        abstract: "Runs API automations from plain files.",
        discussion: """
            A recipe (YAML) binds a trigger to actions performed through an authenticated connection.

            Exit codes: 0 fine, 1 a run failed, 2 invalid input or usage, 3 cannot work here, 130 interrupted.
            """,
        version: Version.text,
        subcommands: [
            Once.self, Start.self, Validate.self, List.self, Next.self, Runs.self, Show.self, Connections.self,
            Connectors.self, SandboxCommand.self,
        ]
    )
}
