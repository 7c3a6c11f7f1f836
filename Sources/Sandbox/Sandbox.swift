import Glibc
import Hummingbird
import Logging
import NIOCore
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

    /// Serves until the task is cancelled, then stops and returns; `onReady` runs beside the server once it accepts connections.
    ///
    /// - Throws: `SandboxError` when a setting is wrong or the port cannot be had.
    public func run(onReady: @Sendable (Address) async -> Void = { _ in }) async throws {
        if let fault = state.configuration.fault { throw fault }
        let (addresses, announce) = AsyncStream.makeStream(of: Address.self)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [self] in
                    // Also when the port cannot be had: nobody is to wait for an address that never comes.
                    defer { announce.finish() }
                    try await server(announce: announce).run()
                }
                // The server accepts connections only when its own callback has returned, so `onReady` has to run out here.
                for await address in addresses {
                    announce.finish()
                    await onReady(address)
                }
                try await group.waitForAll()
            }
        } catch let error as IOError {
            throw Self.sandboxError(error, port: state.configuration.port) ?? error
        } catch {
            // Being cancelled is how a sandbox ends, not a failure.
            if !Task.isCancelled { throw error }
        }
    }

    /// Serves while `body` runs, and returns what it returns.
    ///
    /// - Throws: what `body` throws, or `SandboxError` when a setting is wrong or the port cannot be had.
    public func serve<Result: Sendable>(while body: @Sendable (Address) async throws -> Result) async throws -> Result {
        let (addresses, announce) = AsyncStream.makeStream(of: Address.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                defer { announce.finish() }
                try await run { announce.yield($0) }
            }
            for await address in addresses {
                let result = try await body(address)
                // A connection that was accepted this moment must reach its handler: NIO traps on a writer that nobody has taken up.
                try? await Task.sleep(for: .milliseconds(100))
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

    private func server(announce: AsyncStream<Address>.Continuation) -> some ApplicationProtocol {
        Application(
            responder: SandboxResponder(state: state),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: state.configuration.port),
                backlog: Self.backlog
            ),
            onServerRunning: { channel in
                announce.yield(Address(port: channel.localAddress?.port ?? 0))
            },
            // The command line says what is going on; a library that logs on its own would spoil its output.
            logger: Logger(label: "sandbox") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private static func sandboxError(_ error: IOError, port: Int) -> SandboxError? {
        switch error.errnoCode {
        case EADDRINUSE: .portInUse(port)
        case EACCES: .portNotPermitted(port)
        default: nil
        }
    }
}
