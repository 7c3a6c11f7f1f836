public import ArgumentParser
import Connections
import Engine
import Glibc
import Logging
public import Recipe
import Schedule
import Store
import Synchronization
import YAML

/// `runner start`: the long-running process.
struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Fires the workspace's recipes on time, until SIGTERM or SIGINT."
    )

    @Argument(help: "The workspace's directory.")
    var directory: String?

    @Option(help: "pretty for people, json for programs (default: runner.yml, else pretty).")
    var logFormat: LogFormat?

    @Option(help: "debug, info, warning or error (default: runner.yml, else info).")
    var logLevel: LogAction.Level?

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        Self.raiseFileLimit()
        // Else the first of many runs that are due at once would wait for it.
        Task.detached { await HTTPTransport.warmUp() }
        let location = try place.location(directory: directory)
        let loader = try location.loader()
        let workspace = loader.load()
        Report.show(workspace, atLeast: .warning)
        let settings = workspace.settings
        let logger = LineLog.logger(
            logFormat ?? settings.logFormat,
            level: (logLevel ?? settings.logLevel).logLevel,
            zone: settings.timezone
        )
        // Else it would fire in another zone, and perhaps into another store.
        guard !workspace.hasBrokenSettings else {
            throw Failure(
                .invalid,
                "nothing runs with a mistake in runner.yml, which every recipe goes by; mend it and start again"
            )
        }
        // What is valid runs; what is broken has been said and is left out until it is mended.
        if workspace.recipes.isEmpty, !workspace.isValid { throw ExitCode(Failure.Code.invalid.rawValue) }
        let runtime = try Runtime(
            location,
            loader: loader,
            workspace: workspace,
            store: place.store,
            lifetime: .service,
            logger: logger
        )
        logger.info(
            "starting",
            metadata: [
                "version": "\(Version.text)", "workspace": "\(location.shown)", "recipes": "\(workspace.recipes.count)",
                "store": "\(runtime.store.path)", "timezone": "\(settings.timezone.name)",
            ]
        )
        for warning in location.dotEnvWarnings {
            let place = warning.span.map { "\(warning.path):\($0.start.line): " } ?? ""
            logger.warning("\(place)\(warning.message)\(warning.help.map { "; \($0)" } ?? "")")
        }
        let engine = runtime.engine(observer: LogObserver(logger: logger))
        let running = Task { () -> StoreError? in
            do throws(StoreError) {
                try await engine.run()
                return nil
            } catch {
                return error
            }
        }
        let firstStop = Mutex<ContinuousClock.Instant?>(nil)
        let signals = Signals { number in
            let now = ContinuousClock.now
            let first = firstStop.withLock { first in
                defer { first = first ?? now }
                return first
            }
            if let first {
                // One stop can arrive twice: timeout(1) signals the process and then its group. A later one is from somebody who does not want to wait.
                if now - first > .seconds(1) { Glibc.exit(Failure.Code.interrupted.rawValue) }
                return
            }
            logger.info("stopping on \(number == SIGTERM ? "SIGTERM" : "SIGINT")")
            running.cancel()
        }
        defer { signals.cancel() }
        let failure = await running.value
        await runtime.close()
        if let failure { throw StoreAccess.failure(failure) }
        logger.info("stopped")
    }

    /// A thousand requests at the same time need more files than a login's usual soft limit of 1,024; the hard limit is what the administrator allows.
    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

extension LogFormat: ExpressibleByArgument {}

extension LogAction.Level: ExpressibleByArgument {}
