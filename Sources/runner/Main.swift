import ArgumentParser
import Glibc

/// The command line's entry: parses, runs, and maps whatever happens to the exit codes of the documentation.
@main
enum Main {
    static func main() async {
        Terminal.openStandardStreams()
        // A reader that went away (`runner runs | head`) is no reason to die in the middle of a write.
        signal(SIGPIPE, SIG_IGN)
        forbidCoreFiles()
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            if let once = Once.plain(arguments) { return try await once.run() }
            var command = try parse(arguments)
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
            if let slip = CommandName.slip(in: Array(CommandLine.arguments.dropFirst())) {
                Terminal.error(slip.message)
            } else {
                Terminal.errorLine(Runner.fullMessage(for: error))
            }
            exit(Failure.Code.invalid.rawValue)
        }
    }
}

extension Main {
    /// A core file would hold every secret and token of the process in the clear, for whoever reads it later.
    ///
    /// Only the soft limit: who looks for a bug can raise it again (`prlimit --core=unlimited --pid …`).
    private static func forbidCoreFiles() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = 0
        // Where it is refused, things are as the system has them.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }

    /// The command that the arguments mean.
    ///
    /// A command that is named outright is parsed by itself: the tree of all commands costs more than an ad-hoc run has to spare. Help is left to the
    /// tree, which knows how everything is called.
    private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
        let name = arguments.first
        let isHelp = arguments.contains { $0 == "--help" || $0 == "-h" || $0 == "help" }
        let direct = Runner.configuration.subcommands.first { $0.configuration.commandName == name }
        guard let direct, direct.configuration.subcommands.isEmpty, !isHelp else {
            return try Runner.parseAsRoot(arguments)
        }
        do {
            return try direct.parseAsRoot(Array(arguments.dropFirst()))
        } catch {
            // The tree says it with the command's full name.
            return try Runner.parseAsRoot(arguments)
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
            Once.self, Start.self, Validate.self, TestCommand.self, Eval.self, List.self, Next.self, Cron.self,
            Explain.self,
            Audit.self, Simulate.self, Runs.self, Show.self, Cancel.self, Resume.self, Rerun.self, StateCommand.self,
            Connections.self,
            Connectors.self, Keys.self,
            Pause.self, Unpause.self, TriggerCommand.self, BackfillCommand.self, SandboxCommand.self,
        ]
    )
}
