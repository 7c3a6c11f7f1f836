import Glibc
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// A small OAuth2 server and API on 127.0.0.1, for the quickstart, the examples and the tests.
///
/// It keeps everything in memory, and several can run at once in one process. It misbehaves on request: a query such as `?fail=503&times=2`
/// makes the first two requests fail, see `Fault`. What it counted is at `GET /_stats` (with `?arrivals=1` also when the last requests
/// arrived) and in `statistics()`; `POST /_reset` starts afresh (`?keep=tokens` leaves tokens good), `POST /_expire` ends every access token.
public final class Sandbox: Sendable {
    /// Where a running sandbox is.
    public struct Address: Sendable, Hashable {
        /// The port on 127.0.0.1.
        public let port: Int
        /// The address without a slash at the end, such as `http://127.0.0.1:8080`.
        public var baseURL: String { "http://127.0.0.1:\(port)" }
    }

    private let state: SandboxState

    /// Makes a sandbox that lives by the machine's clock.
    public convenience init(_ configuration: SandboxConfiguration = SandboxConfiguration()) {
        self.init(configuration, clock: ContinuousClock())
    }

    /// Makes a sandbox whose token lifetimes and delays follow `clock`.
    public init(_ configuration: SandboxConfiguration, clock: some Clock<Duration>) {
        state = SandboxState(configuration, time: TimeSource(clock))
    }

    /// Serves until the task is cancelled, then stops and returns; `onReady` is called once connections are taken.
    ///
    /// Stopping lets requests that are being answered end, for at most `grace`.
    ///
    /// - Throws: `SandboxError` when a setting is wrong or the port cannot be had.
    public func run(onReady: @escaping @Sendable (Address) -> Void = { _ in }) async throws {
        if let fault = state.configuration.fault { throw fault }
        let (running, announce) = AsyncStream.makeStream(of: (any Channel).self)
        let (stopping, stop) = AsyncStream.makeStream(of: Void.self)
        let services = group { listener in
            onReady(Address(port: listener.localAddress?.port ?? 0))
            announce.yield(listener)
        }
        // A server that is cancelled drops connections that it has accepted and not yet begun, which NIO answers with a trap. So the
        // server's tasks are out of reach of our caller's cancellation, which becomes a graceful shutdown.
        let serving = Task {
            defer { announce.finish() }
            try await services.run()
        }
        let stopper = Task {
            for await _ in stopping {}
            // A server that has not begun to listen cannot be told to stop.
            for await listener in running {
                await Self.stopAccepting(listener)
                break
            }
            await services.triggerGracefulShutdown()
        }
        defer { stop.finish() }
        do {
            try await withTaskCancellationHandler {
                try await serving.value
            } onCancel: {
                stop.finish()
            }
        } catch let error as IOError {
            throw Self.sandboxError(error, port: state.configuration.port) ?? error
        }
        await stopper.value
    }

    /// Accepts no more, and lets what was accepted be handed over: a connection that comes in while the listener closes belongs to nobody, and NIO traps.
    private static func stopAccepting(_ listener: any Channel) async {
        // One that cannot be told is closed already.
        try? await listener.setOption(.autoRead, value: false).get()
        // A connection is handed over within two turns of the loop that accepted it.
        for _ in 0..<4 { try? await listener.eventLoop.submit {}.get() }
    }

    /// Serves while `body` runs, and returns what it returns.
    ///
    /// - Throws: what `body` throws, or `SandboxError` when a setting is wrong or the port cannot be had.
    public func serve<Result: Sendable>(while body: @Sendable (Address) async throws -> Result) async throws -> Result {
        let (addresses, announce) = AsyncStream.makeStream(of: Address.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                // Also when the port cannot be had: nobody is to wait for an address that never comes.
                defer { announce.finish() }
                try await run { announce.yield($0) }
            }
            for await address in addresses {
                let result = try await body(address)
                group.cancelAll()
                try await group.waitForAll()
                return result
            }
            try await group.waitForAll()
            throw CancellationError()
        }
    }

    /// What was counted so far.
    public func statistics() -> SandboxStatistics {
        state.statistics
    }

    /// Ends every access token now, as a server does that revokes tokens early; refresh tokens live on.
    public func expireAccessTokens() {
        state.tokens.withLock { $0.expireAccessTokens() }
    }

    /// Connections that wait to be accepted: a benchmark opens a thousand at the same instant.
    private static let backlog = 4096

    /// How long requests that are being answered may take once the sandbox stops.
    private static let grace = Duration.milliseconds(200)

    private func group(onReady: @escaping @Sendable (any Channel) -> Void) -> ServiceGroup {
        // The command line says what is going on; a library that logs on its own would spoil its output.
        let logger = Logger(label: "sandbox") { _ in SwiftLogNoOpLogHandler() }
        let server = Application(
            responder: SandboxResponder(state: state),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: state.configuration.port),
                backlog: Self.backlog
            ),
            onServerRunning: { channel in onReady(channel) },
            // The listener and its connections share one loop: between two, a connection is lost, and NIO traps, when the listener closes
            // while the connection is handed over.
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton.next()),
            logger: logger
        )
        var configuration = ServiceGroupConfiguration(services: [server], logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.grace
        return ServiceGroup(configuration: configuration)
    }

    private static func sandboxError(_ error: IOError, port: Int) -> SandboxError? {
        switch error.errnoCode {
        case EADDRINUSE: .portInUse(port)
        case EACCES: .portNotPermitted(port)
        default: nil
        }
    }
}
