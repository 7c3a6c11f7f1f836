import ArgumentParser
import Connections
import Foundation
import Glibc
import Schedule

/// `runner connections authorize NAME`: a person signs in.
struct AuthorizeConnection: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authorize",
        abstract: "Signs in, for connections that need a person: prints a URL and opens it, or shows a code.",
        discussion: "The browser must run on this machine; on one without, use a connector with device codes."
    )

    @Argument(help: "The connection's name.")
    var name: String

    @Flag(help: "Only print the URL.")
    var noBrowser = false

    @Option(help: "How long to wait.")
    var timeout = "5m"

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let limit: Duration
        do {
            limit = try DurationText.parse(timeout)
        } catch {
            throw Failure(.invalid, "--timeout \(timeout): \(error.message)")
        }
        let opensBrowser = !noBrowser && Self.hasDisplay
        let account = try await ConnectionAccess.asking(name, place) { session throws(ConnectionError) in
            try await session.authorize(within: limit) { prompt in Self.show(prompt, opensBrowser) }
            // Who it is may stay unknown; the sign-in stands.
            return (try? await session.learnAccount()) ?? nil
        }
        Terminal.out("\(name): signed in" + (account.map { " as \($0)" } ?? ""))
    }

    private static func show(_ prompt: SignInPrompt, _ opensBrowser: Bool) {
        switch prompt {
        case .open(let url):
            Terminal.errorLine("Sign in with a browser of this machine:")
            Terminal.out(url)
            if opensBrowser { open(url) }
        case .enter(let code, let url, let complete):
            Terminal.errorLine("Open \(url) on any device, and enter the code")
            Terminal.out(code)
            if let complete { Terminal.errorLine("or open \(complete)") }
        }
    }

    private static var hasDisplay: Bool {
        let environment = ProcessInfo.processInfo.environment
        return environment["DISPLAY"] != nil || environment["WAYLAND_DISPLAY"] != nil
    }

    /// The URL has been printed: a desktop without `xdg-open` is no failure.
    private static func open(_ url: String) {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        for descriptor in STDIN_FILENO...STDERR_FILENO {
            posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_RDWR, 0)
        }
        let variables = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        var arguments = strings(["xdg-open", url])
        var environment = strings(variables)
        defer { for pointer in arguments + environment { free(pointer) } }
        var process: pid_t = 0
        _ = posix_spawnp(&process, "xdg-open", &files, nil, &arguments, &environment)
    }

    /// C strings that the caller frees, and NULL at their end.
    private static func strings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { strdup($0) } + [nil]
    }
}
